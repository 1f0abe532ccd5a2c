import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server as SocketIoServer } from 'socket.io';
import { afterAnswers } from './after-answers';
import type { Handshake } from './handshake';
import type { OpenTransports } from './open-transports';
import type { PlainServer } from './plain-server';
import { serveAsHttp } from './serve-as-http';

/**
 * Engine.IO wraps the listeners of requests and answers those to its path itself, past the bounds and limits of REST.
 * Nobody needs that, with WebSockets only: it gets upgrades, from the router, and REST all requests.
 */
export function attachToUpgrades(io: SocketIoServer, http: Server): void {
  const rest = http.listeners('request') as RequestListener[];
  io.attach(http);
  http.removeAllListeners('request').removeAllListeners('upgrade');
  for (const listener of rest) http.on('request', listener);
}

interface UpgradeOptions {
  io: SocketIoServer;
  plain: PlainServer;
  handshake: Pick<Handshake, 'count'>;
  transports: OpenTransports;
  isOriginAllowed(request: IncomingMessage): boolean;
  clientIp(request: IncomingMessage): string;
}

/** Sends WebSocket upgrades where they belong, as far as there is room; other upgrades are answered without one. */
export function routeUpgrades(
  http: Server,
  { io, plain, handshake, transports, isOriginAllowed, clientIp }: UpgradeOptions,
): void {
  const inTurn = afterAnswers(http);
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    inTurn(socket, () => route(request, socket, head));
  });

  function route(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return serveAsHttp(http, request, socket, head);
    const path = request.url?.split('?')[0];
    const isSocketIo = path?.startsWith('/socket.io/');
    const kind =
      path === '/client/connect' ? 'user' : path === '/agent/connect' ? 'agent' : undefined;
    if (!isSocketIo && kind === undefined) return refuse(socket, '404 Not Found');
    if (!isOriginAllowed(request)) return refuse(socket, '403 Forbidden');
    const ip = clientIp(request);
    const refusal = transports.take(ip, socket);
    if (refusal !== undefined) return refuse(socket, refusal);
    handshake.count(request, ip);
    if (kind) plain.upgrade(kind, request, socket, head);
    else io.engine.handleUpgrade(request, socket, head);
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {
    // The peer is gone before it heard the answer.
  });
  // The peer need not close its half: nobody would ever read what it sends.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
