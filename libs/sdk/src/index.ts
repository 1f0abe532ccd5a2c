export {
  connectAgent,
  type Agent,
  type AgentEvents,
  type AgentOptions,
  type AgentStatus,
  type IncomingMessage,
  type MessageHandler,
} from './agent';
export {
  connectClient,
  type Client,
  type ClientEvents,
  type ClientOptions,
  type ConversationUpdate,
  type OpenConversation,
  type PasswordChange,
} from './client';
export type { ClientConversation } from './client-conversation';
export type { ConversationHandle, HistoryOptions, SendOptions } from './conversation-handle';
export {
  addHistory,
  applyEvent,
  conversationState,
  emptyConversation,
  messagesOf,
  type ConversationState,
} from './conversation-state';
export type { DeviceStorage } from './device-memory';
export { MessengerError, type MessengerErrorCode } from './errors';
export type { KeptTokens } from './person-credentials';
export type { WebSocketClass, WebSocketLike } from './plain-wire';
export type { ReplyHandle } from './reply-handle';
export { createRest, register, type RegisterOptions } from './register';
export type { Rest, RestCredential, RestInput } from './rest';
export type { SessionOptions } from './session';
export type { Backoff } from './time';
export type { TransportOptions } from './transport';
export type {
  Actor,
  Agent as AgentProfile,
  Changed,
  Conversation,
  Event,
  Message,
  Presence,
  Receipt,
  Send,
  Sent,
  Tokens,
} from '@agent-messenger/contracts';
