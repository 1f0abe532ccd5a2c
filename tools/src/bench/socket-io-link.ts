import type { Link, LinkOptions } from './link';
import { openSocket } from './open-socket';

export async function openSocketIoLink(options: LinkOptions): Promise<Link> {
  const { url, namespace, auth, onEvent, onEnd } = options;
  const socket = await openSocket({ url, namespace, auth }, (opening) => {
    opening.on('event', onEvent);
  });
  socket.on('disconnect', onEnd);
  return {
    send: (payload, answered) => void socket.emit('message:send', payload, answered),
    received: (payload) => void socket.emit('received', payload),
    close: () => void socket.off('disconnect').disconnect(),
  };
}
