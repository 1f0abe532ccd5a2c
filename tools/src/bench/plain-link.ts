import type { Ack, Event } from '@agent-messenger/contracts';
import { WebSocket } from 'ws';
import type { Link, LinkOptions } from './link';

type Answered = (answer: Ack<'message:send'>) => void;

interface Frame {
  type: string;
  data: unknown;
  id?: number;
}

export async function openPlainLink(options: LinkOptions): Promise<Link> {
  const { url, namespace, auth, onEvent, onEnd } = options;
  const socket = new WebSocket(`${url.replace('http', 'ws')}${namespace}/connect`, {
    perMessageDeflate: false,
  });
  const write = (frame: Frame) => socket.send(JSON.stringify(frame));
  const waiting = new Map<number, Answered>();
  let requests = 0;

  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => write({ type: 'auth', data: auth }));
    socket.on('error', reject);
    socket.on('close', (code, reason) => reject(new Error(`${code} ${reason.toString()}`)));
    socket.on('message', (text: Buffer) => {
      const { type, data, id = 0 } = JSON.parse(text.toString()) as Frame;
      if (type === 'event') onEvent(data as Event);
      else if (type === 'synced') resolve();
      else if (type === 'ack') {
        waiting.get(id)?.(data as Ack<'message:send'>);
        waiting.delete(id);
      }
    });
  });
  socket.on('close', (code) => onEnd(String(code)));
  return {
    send(payload, answered) {
      requests += 1;
      waiting.set(requests, answered);
      write({ type: 'message:send', data: payload, id: requests });
    },
    received: (payload) => write({ type: 'received', data: payload }),
    close() {
      socket.removeAllListeners('close');
      socket.close();
    },
  };
}
