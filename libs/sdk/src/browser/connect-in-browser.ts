/// <reference lib="dom" />
import { startClient, type Client } from '../client';
import type { ClientOptions } from '../client-options';
import { openPlainWire } from '../connection/plain-wire';
import type { OpenWire } from '../connection/wire';

export interface BrowserClientOptions extends Omit<ClientOptions, 'transport' | 'WebSocket'> {
  /** Of `shareConnection`: this tab goes through the connection that the tabs of this browser have in common. */
  open?: OpenWire;
}

/** `connectClient` over the browser's own WebSocket, without Socket.IO in the page. */
export function connectInBrowser({ open, ...options }: BrowserClientOptions): Promise<Client> {
  return startClient(options, open ?? openPlainWire(WebSocket));
}
