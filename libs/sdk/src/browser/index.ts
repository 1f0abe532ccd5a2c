export { BrowserOutbox, type BrowserOutboxOptions } from './browser-outbox';
export {
  openBrowserStore,
  type BrowserStore,
  type Cache,
  type Unsent,
  type UnsentStore,
} from './browser-store';
export { SharedConnection, type SharedConnectionOptions } from './shared-connection';
export { connectInBrowser, type BrowserClientOptions } from './connect-in-browser';
export type { Client } from '../client';
export type { ClientEvents, ConversationUpdate } from '../client-options';
export type { ClientConversation } from '../conversations/client-conversation';
export type { HistoryOptions } from '../conversations/conversation-handle';
export { newerOf, reactedTo } from '../conversations/conversation-state';
export { isTemporary, MessengerError, type MessengerErrorCode } from '../errors';
export { newClientId } from '../ids';
export { createRest, register } from '../register';
export type { KeptTokens } from '../login/person-credentials';
export { StoredTokens } from '../login/stored-tokens';
export type { Rest } from '../rest';
export type { StreamView } from '../streams/stream-reader';
export type {
  Actor,
  Agent as AgentProfile,
  Changed,
  Conversation,
  Event,
  Message,
  MessagePage,
  Presence,
  Receipt,
  Sent,
} from '@agent-messenger/contracts';
