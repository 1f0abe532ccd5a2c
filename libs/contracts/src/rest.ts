import { z } from 'zod';
import {
  agentIdSchema,
  conversationIdSchema,
  messageIdSchema,
  positionSchema,
  seqSchema,
} from './ids';
import {
  agentSchema,
  conversationPageSchema,
  conversationSchema,
  eventPageSchema,
  messagePageSchema,
} from './objects';
import { LIMITS } from './limits';
import {
  deadPushPageSchema,
  pushConfigSchema,
  pushRegistrationSchema,
  pushTokenSchema,
  replayDeadPushesSchema,
  replayedPushesSchema,
} from './push';
import {
  agentTokenSchema,
  createAgentSchema,
  createConversationSchema,
  createdAgentSchema,
  healthSchema,
  loginSchema,
  logoutSchema,
  refreshSchema,
  registerSchema,
  tokensSchema,
  updateConversationSchema,
} from './rest-bodies';
import { changedSchema, sendSchema, sentSchema } from './sockets';
import { contentSchema, emojiSchema } from './text';

/** Who may call a route. `member` is a person or an agent; whether it is a member is the store's answer. */
export type Caller = 'anyone' | 'person' | 'agent_key' | 'member' | 'admin';

export interface RouteContract {
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  /** For the documentation: one sentence. */
  summary: string;
  /** Express path; parameters are named as in `params`. */
  path: string;
  caller: Caller;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Body of the positive answer; null: 204 without one. */
  response: z.ZodType | null;
  /** Status of the positive answer. */
  status: number;
  /** Status when the request repeats one that was carried out, of routes with a `client_id`. */
  repeatedStatus?: number;
}

/** A query or path parameter arrives as text. */
const intFromText = (schema: z.ZodInt) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema);
const limitFromText = intFromText(z.int().min(1).max(LIMITS.pageMax)).default(LIMITS.pageDefault);
const cursorSchema = z.string().min(1).max(512);

const inConversation = z.object({ conversation_id: conversationIdSchema });

const ofMessage = inConversation.extend({ message_id: messageIdSchema });

/** Every public REST route. Express serves them, the SDK calls them, the documentation lists them. */
export const routes = {
  register: {
    summary: 'Registers a person; the operator can close registration.',
    method: 'post',
    path: '/auth/user',
    caller: 'anyone',
    body: registerSchema,
    response: z.object({ user_id: z.string(), username: z.string() }),
    status: 201,
  },
  login: {
    summary: 'Exchanges username and password for tokens.',
    method: 'post',
    path: '/auth/login',
    caller: 'anyone',
    body: loginSchema,
    response: tokensSchema,
    status: 200,
  },
  refresh: {
    summary:
      'Exchanges a refresh token for new tokens; a refresh token that is used twice revokes its session.',
    method: 'post',
    path: '/auth/refresh',
    caller: 'anyone',
    body: refreshSchema,
    response: tokensSchema,
    status: 200,
  },
  logout: {
    summary: 'Revokes the session of a refresh token, and drops the push token that it names.',
    method: 'post',
    path: '/auth/logout',
    caller: 'anyone',
    body: logoutSchema,
    response: null,
    status: 204,
  },
  agentToken: {
    summary: 'Exchanges an API key for a short-lived access token.',
    method: 'post',
    path: '/auth/agent/token',
    caller: 'agent_key',
    response: agentTokenSchema,
    status: 200,
  },
  listAgents: {
    summary: 'All agents, with their presence.',
    method: 'get',
    path: '/agents',
    caller: 'person',
    query: z.object({ limit: limitFromText, cursor: cursorSchema.optional() }),
    response: z.object({ agents: z.array(agentSchema), next_cursor: z.string().nullable() }),
    status: 200,
  },
  getAgent: {
    summary: 'One agent, with its presence.',
    method: 'get',
    path: '/agents/:agent_id',
    caller: 'person',
    params: z.object({ agent_id: agentIdSchema }),
    response: agentSchema,
    status: 200,
  },
  createAgent: {
    summary: 'Creates an agent; its API key is shown this once.',
    method: 'post',
    path: '/admin/agents',
    caller: 'admin',
    body: createAgentSchema,
    response: createdAgentSchema,
    status: 201,
  },
  createConversation: {
    summary: 'Opens a conversation with an agent.',
    method: 'post',
    path: '/conversations',
    caller: 'person',
    body: createConversationSchema,
    response: conversationSchema,
    status: 201,
    repeatedStatus: 200,
  },
  listConversations: {
    summary:
      'The conversations of the caller, most recently active first; with `since` those that changed.',
    method: 'get',
    path: '/conversations',
    caller: 'member',
    query: z.object({
      since: cursorSchema.optional(),
      limit: limitFromText,
      cursor: cursorSchema.optional(),
    }),
    response: conversationPageSchema,
    status: 200,
  },
  getConversation: {
    summary: 'One conversation as the caller sees it.',
    method: 'get',
    path: '/conversations/:conversation_id',
    caller: 'member',
    params: inConversation,
    response: conversationSchema,
    status: 200,
  },
  listMessages: {
    summary: 'A page of messages as they are now, oldest first; the newest page by default.',
    method: 'get',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    query: z
      .object({
        before_seq: intFromText(seqSchema).optional(),
        after_seq: intFromText(positionSchema).optional(),
        limit: limitFromText,
      })
      .refine((query) => query.before_seq === undefined || query.after_seq === undefined, {
        message: 'before_seq and after_seq exclude each other',
      }),
    response: messagePageSchema,
    status: 200,
  },
  updateConversation: {
    summary:
      "Changes the title, which is shared, or what is the caller's own: muted, archived, tags.",
    method: 'patch',
    path: '/conversations/:conversation_id',
    caller: 'member',
    params: inConversation,
    body: updateConversationSchema,
    response: conversationSchema,
    status: 200,
  },
  deleteConversation: {
    summary: 'Deletes a conversation for everybody; its last event can be read for 30 days.',
    method: 'delete',
    path: '/conversations/:conversation_id',
    caller: 'person',
    params: inConversation,
    response: null,
    status: 204,
  },
  listEvents: {
    summary: 'A page of the log after a position, the REST twin of `sync`.',
    method: 'get',
    path: '/conversations/:conversation_id/events',
    caller: 'member',
    params: inConversation,
    query: z.object({
      after_seq: intFromText(positionSchema).default(0),
      limit: limitFromText,
    }),
    response: eventPageSchema,
    status: 200,
  },
  markRead: {
    summary: 'The caller has read up to `seq`; clamped to the log, only rises.',
    method: 'post',
    path: '/conversations/:conversation_id/read',
    caller: 'member',
    params: inConversation,
    body: z.object({ seq: seqSchema }),
    response: z.object({}),
    status: 200,
  },
  editMessage: {
    summary: 'Replaces the content of an own message.',
    method: 'patch',
    path: '/conversations/:conversation_id/messages/:message_id',
    caller: 'member',
    params: ofMessage,
    body: z.object({ content: contentSchema }),
    response: changedSchema,
    status: 200,
  },
  deleteMessage: {
    summary: 'Deletes an own message: its content is removed, a tombstone remains.',
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id',
    caller: 'member',
    params: ofMessage,
    response: changedSchema,
    status: 200,
  },
  addReaction: {
    summary: 'Adds an own reaction.',
    method: 'put',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    response: changedSchema,
    status: 200,
  },
  removeReaction: {
    summary: 'Removes an own reaction.',
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    response: changedSchema,
    status: 200,
  },
  sendMessage: {
    summary: 'Sends a message; answered after the commit.',
    method: 'post',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    body: sendSchema.omit({ conversation_id: true }),
    response: sentSchema,
    status: 201,
    repeatedStatus: 200,
  },
  registerPush: {
    summary: 'Registers a device for push notifications.',
    method: 'post',
    path: '/push/register',
    caller: 'person',
    body: pushRegistrationSchema,
    response: null,
    status: 204,
  },
  unregisterPush: {
    summary: 'Removes a device by its token.',
    method: 'delete',
    path: '/push/unregister',
    caller: 'person',
    body: z.object({ token: pushTokenSchema }),
    response: null,
    status: 204,
  },
  getPushConfig: {
    summary:
      'What this installation can send pushes with, and the key for browsers to subscribe with.',
    method: 'get',
    path: '/push/config',
    caller: 'person',
    response: pushConfigSchema,
    status: 200,
  },
  listDeadPushes: {
    summary: 'Push jobs that were given up, newest first.',
    method: 'get',
    path: '/admin/push/dead',
    caller: 'admin',
    query: z.object({ limit: limitFromText, cursor: cursorSchema.optional() }),
    response: deadPushPageSchema,
    status: 200,
  },
  replayDeadPushes: {
    summary: 'Tries given up push jobs again, all of them when no ids are given.',
    method: 'post',
    path: '/admin/push/dead/replay',
    caller: 'admin',
    body: replayDeadPushesSchema,
    response: replayedPushesSchema,
    status: 200,
  },
  health: {
    summary: 'Whether this gateway and what it depends on work.',
    method: 'get',
    path: '/health',
    caller: 'anyone',
    response: healthSchema,
    status: 200,
  },
  openapi: {
    summary: 'These routes as an OpenAPI 3.1 document.',
    method: 'get',
    path: '/openapi.json',
    caller: 'anyone',
    response: z.record(z.string(), z.unknown()),
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;

export type RouteName = keyof typeof routes;
type Part<N extends RouteName, K extends 'params' | 'query' | 'body'> =
  (typeof routes)[N] extends Record<K, infer S extends z.ZodType> ? S : z.ZodUndefined;

/** A route's input as a handler sees it, parsed. */
export interface RouteInput<N extends RouteName> {
  params: z.output<Part<N, 'params'>>;
  query: z.output<Part<N, 'query'>>;
  body: z.output<Part<N, 'body'>>;
}
/** A route's body as a caller writes it. */
export type RouteBody<N extends RouteName> = z.input<Part<N, 'body'>>;
/** Path parameters and query as a caller writes them: text on the wire. */
export type RouteParams<N extends RouteName> = z.input<Part<N, 'params'>>;
export type RouteQuery<N extends RouteName> = z.input<Part<N, 'query'>>;
export type RouteResponse<N extends RouteName> = (typeof routes)[N]['response'] extends z.ZodType
  ? z.infer<NonNullable<(typeof routes)[N]['response']>>
  : undefined;
