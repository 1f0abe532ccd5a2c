import type { Server as HttpServer } from 'node:http';
import {
  frameSchema,
  type Frame,
  type ServerEventName,
  type ServerEventPayload,
  type WireError,
} from '@agent-messenger/contracts';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { AGENT, USER } from './fake-log';

/** One client's connection, whatever the transport. */
export interface FakeSocket {
  emit<N extends ServerEventName>(name: N, payload: ServerEventPayload<N>): void;
  /** Clients come back. */
  cut(): void;
  /** Clients stay away. */
  dismiss(): void;
}

/** What a gateway does with connections; the identity follows from the address that was connected to. */
export interface FakeSockets {
  refuse(id: string, token: string | undefined): WireError | null;
  connected(id: string, socket: FakeSocket): void;
  gone(id: string, socket: FakeSocket): void;
  /** The answer; undefined for none. */
  request(id: string, name: string, data: unknown): object | undefined;
}

/** Closes connections and HTTP server. */
type Close = () => Promise<void>;

const NAMESPACES = { '/client': USER, '/agent': AGENT };

export function serveSocketIo(http: HttpServer, sockets: FakeSockets, basePath: string): Close {
  const path = `${basePath}/socket.io/`;
  const io = new Server(http, { path, transports: ['websocket'] });
  for (const [namespace, id] of Object.entries(NAMESPACES)) {
    io.of(namespace).use((socket, next) => {
      const { token } = socket.handshake.auth as { token?: string };
      const refused = sockets.refuse(id, token);
      next(refused ? Object.assign(new Error(refused.message), { data: refused }) : undefined);
    });
    io.of(namespace).on('connection', (socket) => {
      const fake: FakeSocket = {
        emit: (name, payload) => socket.emit(name, payload),
        cut: () => socket.conn.close(),
        dismiss: () => socket.disconnect(true),
      };
      socket.on('disconnect', () => sockets.gone(id, fake));
      socket.onAny((name: string, data: unknown, ack?: (answer: object) => void) => {
        const answer = sockets.request(id, name, data);
        if (answer) ack?.(answer);
      });
      sockets.connected(id, fake);
    });
  }
  return () => io.close();
}

const STATUS: Partial<Record<string, number>> = {
  unauthorized: 4401,
  forbidden: 4403,
  rate_limited: 4429,
  unavailable: 4503,
};

/** `/client/connect` and `/agent/connect` below `basePath`. */
export function servePlain(http: HttpServer, sockets: FakeSockets, basePath: string): Close {
  const server = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, tcp, head) => {
    const [, base, namespace = ''] = /^(.*)(\/\w+)\/connect$/.exec(request.url ?? '') ?? [];
    const id = base === basePath && NAMESPACES[namespace as keyof typeof NAMESPACES];
    if (!id) return;
    server.handleUpgrade(request, tcp, head, (socket) => {
      const send = (frame: Frame) => socket.send(JSON.stringify(frame));
      const fake: FakeSocket = {
        emit: (type, data) => send({ type, data }),
        cut: () => socket.terminate(),
        dismiss: () => socket.close(4409),
      };
      socket.on('close', () => sockets.gone(id, fake));
      socket.once('message', (first: Buffer) => {
        const { type, data } = parse(first);
        const { token } = type === 'auth' ? (data as { token?: string }) : {};
        const refused = sockets.refuse(id, token);
        if (refused) {
          send({ type: 'error', data: refused });
          return socket.close(STATUS[refused.code]);
        }
        socket.on('message', (text: Buffer) => {
          const frame = parse(text);
          const answer = sockets.request(id, frame.type, frame.data);
          if (answer && frame.id !== undefined) send({ type: 'ack', id: frame.id, data: answer });
        });
        sockets.connected(id, fake);
      });
    });
  });
  return async () => {
    for (const socket of server.clients) socket.terminate();
  };
}

function parse(text: Buffer): Frame {
  return frameSchema.parse(JSON.parse(text.toString()));
}
