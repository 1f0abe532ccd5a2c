import type { Event, Message, Send, ServerToClient } from '@agent-messenger/contracts';
import type { MessengerError } from './errors';
import type { StreamView } from './streams/stream-reader';

/** What the application can listen to. `Client` and `Agent` each offer what fits them. */
export interface MessengerEvents extends Pick<
  ServerToClient,
  'event' | 'connected' | 'synced' | 'receipt' | 'typing' | 'activity' | 'presence'
> {
  /** A new message of anybody in a conversation, the own ones included. */
  message: (message: Message, event: Event) => void;
  /** An answer that is being written has changed; `over` is the last that is told of it. */
  stream: (stream: StreamView) => void;
  /** The server was asked, after a reconnect for example, and `conversations()` gives what it answered. */
  listed: () => void;
  disconnected: (error: MessengerError, reconnecting: boolean) => void;
  /** A newer connection of the same identity took over; this one stays away. */
  replaced: () => void;
  /** Over for good without `close()`: replaced, revoked, refused. */
  ended: (error: MessengerError) => void;
  /** The server's log is another one (a restore): copies of conversations and messages are to be loaded again. */
  reset: (logId: string) => void;
  /** Something in the background failed; nothing depends on it any more. */
  error: (error: unknown) => void;
  /** A handler failed for the last time; its message is passed over. */
  handlerError: (error: unknown, message: Message) => void;
  /** A message of an earlier session of this device was refused now. */
  sendFailed: (error: unknown, send: Send) => void;
}
