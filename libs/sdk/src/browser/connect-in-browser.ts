/// <reference lib="dom" />
import { startClient, type Client } from '../client';
import type { ClientOptions } from '../client-options';
import { openPlainWire } from '../connection/plain-wire';
import type { OpenWire } from '../connection/wire';

export interface BrowserClientOptions extends Omit<ClientOptions, 'transport' | 'WebSocket'> {
  /** Of `shareConnection`: this tab goes through the connection that the tabs of this browser have in common. */
  open?: OpenWire;
  /** Ends what is on its way: connecting rejects with `closed`, at the latest with the answer to a refresh. */
  signal?: AbortSignal;
}

/** `connectClient` over the browser's own WebSocket, without Socket.IO in the page. */
export function connectInBrowser({
  open,
  signal,
  ...options
}: BrowserClientOptions): Promise<Client> {
  return startClient(options, open ?? openPlainWire(WebSocket), signal);
}
