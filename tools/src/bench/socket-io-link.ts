import type { ClientToServer, ServerToClient } from '@agent-messenger/contracts';
import { io, type Socket } from 'socket.io-client';
import type { Link, LinkOptions } from './link';

export async function openSocketIoLink(options: LinkOptions): Promise<Link> {
  const { url, namespace, auth, onEvent, onEnd } = options;
  const socket: Socket<ServerToClient, ClientToServer> = io(url + namespace, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth,
  });
  socket.on('event', onEvent);
  await new Promise<void>((resolve, reject) => {
    socket.once('synced', () => resolve());
    socket.once('connect_error', reject);
    socket.once('disconnect', (reason) => reject(new Error(reason)));
  }).catch((error: unknown) => {
    socket.disconnect();
    throw error;
  });
  socket.off('connect_error').off('disconnect');
  socket.on('disconnect', onEnd);
  return {
    send: (payload, answered) => void socket.emit('message:send', payload, answered),
    received: (payload) => void socket.emit('received', payload),
    close: () => void socket.off('disconnect').disconnect(),
  };
}
