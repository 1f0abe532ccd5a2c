import { openPlainWire, type WebSocketClass } from './plain-wire';
import { openSocketIoWire } from './socket-io-wire';
import type { OpenWire } from './wire';

export interface TransportOptions {
  /** Default `socket.io`. What is promised does not depend on it. */
  transport?: 'socket.io' | 'websocket';
  /** For `websocket` where there is no global one, as on Node 20: the class of the package `ws`. */
  WebSocket?: WebSocketClass;
}

/** @throws TypeError when there is no WebSocket */
export function openerOf({ transport = 'socket.io', WebSocket }: TransportOptions): OpenWire {
  if (transport === 'socket.io') return openSocketIoWire;
  const known = WebSocket ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (!known) throw new TypeError('WebSocket: there is none here, give its class as an option');
  return openPlainWire(known);
}
