import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A server on a port of 127.0.0.1 that it keeps, also while it is down. */
export interface LoopbackServer {
  readonly origin: string;
  /** Refuses and cuts off everything. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** How many connections have been opened so far. */
  readonly connections: number;
}

export async function serveLoopback(server: Server): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  let port = 0;
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });

  async function up(): Promise<void> {
    if (server.listening) return;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }
  async function down(): Promise<void> {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await up();
  return {
    origin: `https://localhost:${port}`,
    up,
    down,
    get connections() {
      return connections;
    },
  };
}
