import {
  PROTOCOL_VERSION,
  serverEvents,
  type ServerEventName,
  type WireError,
} from '@agent-messenger/contracts';
import { io } from 'socket.io-client';
import {
  disconnected,
  refused,
  unreachable,
  type ServerEvent,
  type Wire,
  type WireHooks,
  type WireTarget,
} from './wire';

export function openSocketIoWire(
  { origin, namespace, token }: WireTarget,
  { hear, end }: WireHooks,
): Wire {
  const socket = io(origin + namespace, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token, protocol: PROTOCOL_VERSION },
  });
  for (const name of Object.keys(serverEvents) as ServerEventName[]) {
    socket.on(name as string, (payload: unknown) => hear({ name, payload } as ServerEvent));
  }
  socket.on('connect_error', (cause: Error & { data?: WireError }) =>
    end(cause.data?.code === undefined ? unreachable(origin, cause) : refused(cause.data)),
  );
  socket.on('disconnect', (reason) => end(disconnected(reason)));
  return {
    send(name, payload, answered) {
      if (answered) socket.emit(name, payload, answered);
      else socket.emit(name, payload);
    },
    close() {
      socket.off();
      socket.disconnect();
    },
  };
}
