import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PlainServer } from './plain-server';

/** Sends WebSocket upgrades where they belong; Engine.IO takes those of its own path itself. */
export function routeUpgrades(
  http: Server,
  plain: PlainServer,
  isOriginAllowed: (request: IncomingMessage) => boolean,
): void {
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = request.url?.split('?')[0];
    if (path?.startsWith('/socket.io/')) return;
    const kind =
      path === '/client/connect' ? 'user' : path === '/agent/connect' ? 'agent' : undefined;
    if (kind === undefined) return refuse(socket, '404 Not Found');
    if (!isOriginAllowed(request)) return refuse(socket, '403 Forbidden');
    plain.upgrade(kind, request, socket, head);
  });
}

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {
    // The peer is gone before it heard the answer.
  });
  // The peer need not close its half: nobody would ever read what it sends.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
