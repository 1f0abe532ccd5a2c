import { z } from 'zod';
import {
  agentIdSchema,
  clientIdSchema,
  conversationIdSchema,
  positionSchema,
  seqSchema,
} from './ids';
import {
  agentSchema,
  conversationPageSchema,
  conversationSchema,
  messagePageSchema,
} from './objects';
import { LIMITS } from './limits';
import { agentNameSchema, passwordSchema, titleSchema, usernameSchema, wellFormed } from './text';
import { sendSchema, sentSchema } from './sockets';

/** Who may call a route. `member` is a person or an agent; whether it is a member is the store's answer. */
export type Caller = 'anyone' | 'person' | 'agent_key' | 'member' | 'admin';

export interface RouteContract {
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  /** Express path; parameters are named as in `params`. */
  path: string;
  caller: Caller;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Body of the positive answer; null: 204 without one. */
  response: z.ZodType | null;
  /** Status of the positive answer; a handler may answer with another 2xx. */
  status: number;
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

export const tokensSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  user_id: z.string(),
});
export type Tokens = z.infer<typeof tokensSchema>;

export const registerSchema = z.object({ username: usernameSchema, password: passwordSchema });
/** On login a password outside the bounds is a wrong password, not a malformed request. */
export const loginSchema = z.object({
  username: z.string().max(1_024),
  password: z.string().max(1_024),
});
export const refreshSchema = z.object({ refresh_token: z.string().min(1).max(512) });
export const logoutSchema = refreshSchema.extend({ push_token: z.string().max(4_096).optional() });
export const agentTokenSchema = z.object({
  access_token: z.string(),
  expires_in: z.int(),
  agent_id: z.string(),
});

export const createAgentSchema = z.object({
  name: agentNameSchema,
  description: wellFormed(z.string().max(LIMITS.agentDescriptionChars)).optional(),
  model: wellFormed(z.string().max(LIMITS.agentNameChars)).optional(),
});
export const createdAgentSchema = z.object({
  agent: agentSchema,
  api_key: z.string(),
  key_id: z.string(),
});

export const createConversationSchema = z.object({
  agent_id: agentIdSchema,
  title: titleSchema.optional(),
  client_id: clientIdSchema.optional(),
});

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
const timezone = z.string().refine((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, 'must be an IANA time zone');

export const pushRegistrationSchema = z
  .object({
    device_id: z.string().min(1).max(128),
    platform: z.enum(['apns', 'fcm', 'webpush']),
    token: z.string().min(1).max(4_096),
    keys: z.object({ p256dh: z.string().max(256), auth: z.string().max(256) }).optional(),
    quiet_hours: z.object({ from: timeOfDay, to: timeOfDay, timezone }).optional(),
  })
  .refine((body) => body.platform !== 'webpush' || body.keys !== undefined, {
    message: 'webpush needs keys',
    path: ['keys'],
  });
export type PushRegistration = z.infer<typeof pushRegistrationSchema>;

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime_s: z.number(),
  dependencies: z.record(
    z.string(),
    z.object({ status: z.enum(['ok', 'down']), latency_ms: z.number().nullable() }),
  ),
});
export type Health = z.infer<typeof healthSchema>;

const inConversation = z.object({ conversation_id: conversationIdSchema });

/** Every public REST route. Express serves them, the SDK calls them, the documentation lists them. */
export const routes = {
  register: {
    method: 'post',
    path: '/auth/user',
    caller: 'anyone',
    body: registerSchema,
    response: z.object({ user_id: z.string(), username: z.string() }),
    status: 201,
  },
  login: {
    method: 'post',
    path: '/auth/login',
    caller: 'anyone',
    body: loginSchema,
    response: tokensSchema,
    status: 200,
  },
  refresh: {
    method: 'post',
    path: '/auth/refresh',
    caller: 'anyone',
    body: refreshSchema,
    response: tokensSchema,
    status: 200,
  },
  logout: {
    method: 'post',
    path: '/auth/logout',
    caller: 'anyone',
    body: logoutSchema,
    response: null,
    status: 204,
  },
  agentToken: {
    method: 'post',
    path: '/auth/agent/token',
    caller: 'agent_key',
    response: agentTokenSchema,
    status: 200,
  },
  listAgents: {
    method: 'get',
    path: '/agents',
    caller: 'person',
    query: z.object({ limit: limitFromText, cursor: cursorSchema.optional() }),
    response: z.object({ agents: z.array(agentSchema), next_cursor: z.string().nullable() }),
    status: 200,
  },
  getAgent: {
    method: 'get',
    path: '/agents/:agent_id',
    caller: 'person',
    params: z.object({ agent_id: agentIdSchema }),
    response: agentSchema,
    status: 200,
  },
  createAgent: {
    method: 'post',
    path: '/admin/agents',
    caller: 'admin',
    body: createAgentSchema,
    response: createdAgentSchema,
    status: 201,
  },
  createConversation: {
    method: 'post',
    path: '/conversations',
    caller: 'person',
    body: createConversationSchema,
    response: conversationSchema,
    status: 201,
  },
  listConversations: {
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
    method: 'get',
    path: '/conversations/:conversation_id',
    caller: 'member',
    params: inConversation,
    response: conversationSchema,
    status: 200,
  },
  listMessages: {
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
  sendMessage: {
    method: 'post',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    body: sendSchema.omit({ conversation_id: true }),
    response: sentSchema,
    status: 201,
  },
  registerPush: {
    method: 'post',
    path: '/push/register',
    caller: 'person',
    body: pushRegistrationSchema,
    response: null,
    status: 204,
  },
  unregisterPush: {
    method: 'delete',
    path: '/push/unregister',
    caller: 'person',
    body: z.object({ token: z.string().min(1).max(4_096) }),
    response: null,
    status: 204,
  },
  health: {
    method: 'get',
    path: '/health',
    caller: 'anyone',
    response: healthSchema,
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
