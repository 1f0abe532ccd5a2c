import type { ClientToServer, ServerToClient } from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import type { LinkOptions } from './link';

/** For the bare Socket.IO that streams are compared with, which emits each token. */
export interface TokenEvents {
  token(token: { to: string; offset: number; text: string }): void;
}
export type BenchSocket = Socket<ServerToClient & TokenEvents, ClientToServer & TokenEvents>;

/**
 * Resolves when the connection has received all that there was before it.
 * @param listen told of the socket before it connects
 */
export async function openSocket(
  { url, namespace, auth }: Pick<LinkOptions, 'url' | 'namespace' | 'auth'>,
  listen: (socket: BenchSocket) => void = () => undefined,
): Promise<BenchSocket> {
  const socket: BenchSocket = io(url + namespace, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth,
  });
  listen(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('synced', () => resolve());
    socket.once('connect_error', reject);
    socket.once('disconnect', (reason) => reject(new Error(reason)));
  }).catch((error: unknown) => {
    socket.disconnect();
    throw error;
  });
  return socket.off('connect_error').off('disconnect');
}

/** The TCP connection under it: what reads slowly does not read. */
export function tcpOf(socket: BenchSocket): { pause(): void; resume(): void } {
  const transport = socket.io.engine.transport as unknown as {
    ws: { _socket: { pause(): void; resume(): void } };
  };
  return transport.ws._socket;
}
