export {
  connectAgent,
  type Agent,
  type AgentEvents,
  type AgentOptions,
  type AgentStatus,
} from './agent';
export type { HandlerContext, IncomingMessage, MessageHandler } from './agent/handler-runs';
export { connectClient, type Client } from './client';
export type {
  ClientEvents,
  ClientOptions,
  ConversationUpdate,
  OpenConversation,
  PasswordChange,
} from './client-options';
export type { ClientConversation } from './conversations/client-conversation';
export type {
  ConversationHandle,
  HistoryOptions,
  SendOptions,
} from './conversations/conversation-handle';
export {
  addHistory,
  applyEvent,
  conversationState,
  emptyConversation,
  messagesOf,
  type ConversationState,
} from './conversations/conversation-state';
export type { DeviceStorage } from './device/device-memory';
export { gatewayUrl } from './endpoints';
export { MessengerError, type MessengerErrorCode } from './errors';
export type { KeptTokens } from './login/person-credentials';
export type { WebSocketClass, WebSocketLike } from './connection/plain-wire';
export type {
  ActivityState,
  AgentConversation,
  AskOptions,
  ChatMessage,
} from './agent/agent-conversation';
export type { ReplyHandle } from './agent/reply-handle';
export type { AskedAction, AskOption } from './questions/answer';
export type { AgentStream, StreamOptions } from './streams/agent-stream';
export type { StreamEnd } from './streams/stream-outcome';
export { createRest, register, type RegisterOptions } from './register';
export type { Rest, RestCredential, RestInput } from './rest';
export type { SessionOptions } from './session';
export type { StreamView } from './streams/stream-reader';
export type { Backoff } from './time';
export type { TransportOptions } from './connection/transport';
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
