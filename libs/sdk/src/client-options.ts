import type { RouteBody } from '@agent-messenger/contracts';
import type { DeviceStorage } from './device/device-memory';
import type { PersonCredentials } from './login/person-credentials';
import type { MessengerEvents } from './messenger-events';
import type { SessionOptions } from './session';

export interface ClientOptions extends SessionOptions, PersonCredentials {
  /**
   * Keeps unsent messages, positions and the newest tokens over a reload, in memory without it. Tabs that share it
   * share the login.
   */
  storage?: DeviceStorage;
  /**
   * Whether a person has this conversation before their eyes now. With it, what was received and not seen is pushed to
   * their phones a minute later; without it, what was received counts as seen.
   */
  isVisible?: (conversationId: string) => boolean;
}
export type ClientEvents = Omit<MessengerEvents, 'handlerError'>;

export interface OpenConversation {
  agent_id: string;
  title?: string;
  /** Idempotency key; made up when absent. */
  client_id?: string;
}

export type PasswordChange = RouteBody<'changePassword'>;

/** The title is everybody's; muted, archived and tags are the person's own. */
export type ConversationUpdate = RouteBody<'updateConversation'>;
