import type { Ack, Event, RequestInput } from '@agent-messenger/contracts';
import { openPlainLink } from './plain-link';
import { openSocketIoLink } from './socket-io-link';

/** How members reach the gateways. */
export type Transport = 'socket.io' | 'ws';

export interface LinkOptions {
  url: string;
  namespace: '/client' | '/agent';
  auth: Record<string, string>;
  onEvent: (event: Event) => void;
  /** Told when the connection ends although nobody closed it. */
  onEnd: (reason: string) => void;
}

/** A member's connection: as little client as there can be, so that the servers are measured. */
export interface Link {
  send(
    payload: RequestInput<'message:send'>,
    answered: (answer: Ack<'message:send'>) => void,
  ): void;
  received(payload: RequestInput<'received'>): void;
  close(): void;
}

/** Resolves when the connection has received all that there was before it. */
export function openLink(transport: Transport, options: LinkOptions): Promise<Link> {
  return transport === 'ws' ? openPlainLink(options) : openSocketIoLink(options);
}
