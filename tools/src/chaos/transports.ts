import type { TransportOptions } from '@agent-messenger/sdk';
import type { Transport } from '@agent-messenger/testkit';
import { WebSocket } from 'ws';

/** `both`: half of the clients use each. */
export const TRANSPORTS = ['socket.io', 'ws', 'both'] as const;
export type TransportChoice = (typeof TRANSPORTS)[number];

/** The transport of the n-th client: with `both` they take turns. */
export function transportOf(choice: TransportChoice, n: number): Transport {
  if (choice !== 'both') return choice;
  return n % 2 === 0 ? 'socket.io' : 'ws';
}

/** The transport as options of the SDK. */
export function sdkTransport(transport: Transport): TransportOptions {
  return transport === 'ws' ? { transport: 'websocket', WebSocket } : { transport: 'socket.io' };
}
