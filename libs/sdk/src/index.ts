export {
  connectAgent,
  type Agent,
  type AgentEvents,
  type AgentOptions,
  type IncomingMessage,
  type MessageHandler,
} from './agent';
export {
  connectClient,
  type Client,
  type ClientConversation,
  type ClientEvents,
  type ClientOptions,
  type OpenConversation,
} from './client';
export type { ConversationHandle, HistoryOptions, SendOptions } from './conversation-handle';
export { MessengerError, type MessengerErrorCode } from './errors';
export type { ReplyHandle } from './reply-handle';
export { createRest, register, type RegisterOptions } from './register';
export type { Rest, RestCredential, RestInput } from './rest';
export type { SessionOptions } from './session';
export type { Backoff } from './time';
export type {
  Actor,
  Agent as AgentProfile,
  Conversation,
  Event,
  Message,
  Presence,
  Receipt,
  Sent,
  Tokens,
} from '@agent-messenger/contracts';
