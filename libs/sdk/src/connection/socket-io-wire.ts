import type { ServerEventName, WireError } from '@agent-messenger/contracts';
import { io } from 'socket.io-client';
import { contract } from '../contract/contract';
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
  { url, namespace, token }: WireTarget,
  { hear, end }: WireHooks,
): Wire {
  // What follows an origin is a namespace to Socket.IO: the path below which the gateway is served goes apart.
  const { origin, pathname } = new URL(url);
  const socket = io(origin + namespace, {
    path: `${pathname.replace(/\/$/, '')}/socket.io/`,
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: { token, protocol: contract.protocolVersion, compact: 1, retry_hints: 1 },
  });
  for (const name of contract.serverEvents as ServerEventName[]) {
    socket.on(name as string, (payload: unknown) => hear({ name, payload } as ServerEvent));
  }
  socket.on('connect_error', (cause: Error & { data?: WireError }) =>
    end(cause.data?.code === undefined ? unreachable(url, cause) : refused(cause.data)),
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
