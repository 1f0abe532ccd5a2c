import { WebSocket } from 'ws';
import type { TransportOptions } from '../src';

/** For `describe.each`: what is promised does not depend on the transport. */
export const TRANSPORTS: { name: string; options: TransportOptions }[] = [
  { name: 'Socket.IO', options: { transport: 'socket.io' } },
  { name: 'a plain WebSocket', options: { transport: 'websocket', WebSocket } },
];
