import type { Ack, RequestName } from '@agent-messenger/contracts';
import type { ServerEvent } from '../connection/wire';
import type { MessengerErrorCode } from '../errors';

/** What the tabs of a browser tell each other; `from` names the tab. */
export type TabMessage = { from: string } & (
  | { what: 'lead' | 'who' | 'alive' }
  /** A follower: it wants a wire, gives it up, sends a request. */
  | { what: 'open' | 'close' }
  | { what: 'send'; name: RequestName; payload: unknown; id: number | null }
  /** The leader: to one tab, or to all that have a wire. */
  | { what: 'answer'; to: string; id: number; answer: Ack<RequestName> }
  | { what: 'event'; to: string | null; event: ServerEvent }
  | { what: 'end'; end: SentEnd }
);

/** A `WireEnd` as it can be posted. */
export interface SentEnd {
  code: MessengerErrorCode;
  message: string;
  retryAfterMs: number | undefined;
  reconnect: boolean;
  delayMs: number | undefined;
}

export interface Tabs {
  readonly id: string;
  post(message: TabMessage): void;
  /** Returns the function that removes the listener. */
  listen(listener: (message: TabMessage) => void): () => void;
}
