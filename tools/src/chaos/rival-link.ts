import type { Ack, RequestInput, ServerEventPayload } from '@agent-messenger/contracts';
import { TestSocket, type Transport } from '@agent-messenger/testkit';
import { WebSocket } from 'ws';

type Answered = (answer: Ack<'message:send'>) => void;

export interface RivalLinkOptions {
  url: string;
  apiKey: string;
  onConnected: (connectionId: string) => void;
  onEvent: (event: ServerEventPayload<'event'>) => void;
  onReplaced: () => void;
  /** Refused or ended, by whomever. */
  onGone: (reason: string) => void;
}

/** A bare connection: it reports what it is told when it is told, and leaves everything else to its owner. */
export interface RivalLink {
  send(payload: RequestInput<'message:send'>, answered: Answered): void;
  received(payload: RequestInput<'received'>): void;
  close(): void;
}

export function openRivalLink(transport: Transport, options: RivalLinkOptions): RivalLink {
  return transport === 'ws' ? openPlain(options) : openSocketIo(options);
}

function openSocketIo(options: RivalLinkOptions): RivalLink {
  const test = new TestSocket(options.url, '/agent', { api_key: options.apiKey });
  const { socket } = test;
  socket.on('connected', ({ connection_id }) => options.onConnected(connection_id));
  socket.on('event', (event) => {
    test.received.length = 0;
    options.onEvent(event);
  });
  socket.on('replaced', options.onReplaced);
  socket.on('disconnect', options.onGone);
  socket.on('connect_error', ({ message }) => options.onGone(message));
  return {
    send: (payload, answered) => socket.emit('message:send', payload, answered),
    received: (payload) => socket.emit('received', payload),
    close: () => test.close(),
  };
}

function openPlain(options: RivalLinkOptions): RivalLink {
  const socket = new WebSocket(`${options.url.replace('http', 'ws')}/agent/connect`);
  const write = (frame: object) => socket.send(JSON.stringify(frame));
  const waiting = new Map<number, Answered>();
  let requests = 0;
  const take: Partial<Record<string, (data: unknown, id: number) => void>> = {
    connected: (data) =>
      options.onConnected((data as ServerEventPayload<'connected'>).connection_id),
    event: (data) => options.onEvent(data as ServerEventPayload<'event'>),
    replaced: options.onReplaced,
    ack(data, id) {
      waiting.get(id)?.(data as Ack<'message:send'>);
      waiting.delete(id);
    },
  };
  socket.on('open', () => write({ type: 'auth', data: { api_key: options.apiKey } }));
  socket.on('message', (text: Buffer) => {
    const { type, data, id } = JSON.parse(text.toString()) as {
      type: string;
      data: unknown;
      id: number;
    };
    take[type]?.(data, id);
  });
  // `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', (code, reason) => options.onGone(`${code} ${reason.toString()}`));
  return {
    send(payload, answered) {
      requests += 1;
      waiting.set(requests, answered);
      write({ type: 'message:send', data: payload, id: requests });
    },
    received: (payload) => write({ type: 'received', data: payload }),
    close: () => socket.close(),
  };
}
