import { z } from 'zod';
import {
  conversationPageSchema,
  conversationSchema,
  eventPageSchema,
  memberSchema,
  messagePageSchema,
  receiptSchema,
  storedAgentSchema,
} from './objects';
import {
  deadPushPageSchema,
  pushConfigSchema,
  pushRegistrationSchema,
  replayDeadPushesSchema,
  replayedPushesSchema,
} from './push';
import {
  agentTokenSchema,
  createAgentSchema,
  loginSchema,
  logoutSchema,
  refreshSchema,
  registerSchema,
  tokensSchema,
  updateConversationSchema,
} from './rest-bodies';
import { errorSchema } from './errors';
import { pushJobSchema } from './jobs';
import { changedSchema, sendSchema, sentSchema } from './sockets';

/**
 * Calls between services, `POST /internal/<name>` on the callee's internal port with a service token.
 * Errors are problems with a code, as on the public side. The wire carries what the types say: both ends are
 * built from this file, and only requests are parsed.
 */
export interface CallContract {
  request: z.ZodType;
  response: z.ZodType;
}

const identityId = z.string();
const conversationId = z.string();
/** The epoch of the connection that writes; null for REST calls, which are not fenced. */
const epoch = z.int().min(1).nullable();
const seq = z.int().min(0);
const page = { limit: z.int().min(1).max(1_000), cursor: z.string().optional() };
const ok = z.object({});

const change = {
  identity_id: identityId,
  epoch,
  conversation_id: conversationId,
  message_id: z.string(),
};

/** What a gateway hands over in one append. All of it shares one transaction; each operation has its own answer. */
export const operationSchema = z.discriminatedUnion('op', [
  sendSchema.extend({ op: z.literal('send'), identity_id: identityId, epoch }),
  z.object({
    op: z.enum(['received', 'read']),
    identity_id: identityId,
    epoch,
    conversation_id: conversationId,
    seq,
    /** The log that the position is of: in another one, after a restore from a backup, it means nothing. */
    log_id: z.string().optional(),
  }),
  z.object({ op: z.literal('edit'), ...change, content: z.string() }),
  z.object({ op: z.literal('delete'), ...change }),
  z.object({ op: z.literal('react'), ...change, emoji: z.string(), set: z.boolean() }),
]);
export type Operation = z.infer<typeof operationSchema>;

/** A position that moved, and whom to tell. `receipt` is absent when nothing moved. */
export const positionMovedSchema = z.object({
  receipt: receiptSchema.optional(),
  /** The other members. */
  tell: z.array(identityId),
});
export type PositionMoved = z.infer<typeof positionMovedSchema>;

export const operationResultSchema = z.union([
  z.object({ ok: z.literal(true), sent: sentSchema }),
  z.object({ ok: z.literal(true), moved: positionMovedSchema }),
  z.object({ ok: z.literal(true), changed: changedSchema }),
  z.object({ ok: z.literal(false), error: errorSchema }),
]);
export type OperationResult = z.infer<typeof operationResultSchema>;

/** A conversation whose log is ahead of what the identity has taken responsibility for. */
const pendingSchema = z.object({
  conversation_id: conversationId,
  delivered_seq: seq,
  last_seq: seq,
});
export type Pending = z.infer<typeof pendingSchema>;

/** The session that ended, whose live connection has to end as well; null when the token belonged to none. */
const endedSchema = z.object({
  ended: z.object({ identity_id: identityId, credential_id: z.string() }).nullable(),
});

export const messagesCalls = {
  // People, sessions, agents
  createUser: {
    request: z.object({ username: z.string(), password_hash: z.string() }),
    response: z.object({ user_id: identityId, username: z.string() }),
  },
  findUser: {
    request: z.object({ username: z.string() }),
    response: z.object({
      user: z.object({ user_id: identityId, password_hash: z.string() }).nullable(),
    }),
  },
  createSession: {
    request: z.object({ user_id: identityId, refresh_digest: z.string(), expires_at: z.string() }),
    response: z.object({ session_id: z.string() }),
  },
  /**
   * Swaps the digest of a session's refresh token; an already swapped one revokes the session: `unauthorized`. The
   * last one is swapped again for 30 s, while none of its successors was used: its answer may have been lost.
   */
  rotateSession: {
    request: z.object({
      refresh_digest: z.string(),
      next_digest: z.string(),
      expires_at: z.string(),
    }),
    response: z.object({ session_id: z.string(), user_id: identityId }),
  },
  /** Revokes the session of a refresh token and drops the push token it names; unknown tokens are no error. */
  endSession: {
    request: z.object({ refresh_digest: z.string(), push_token: z.string().optional() }),
    response: endedSchema,
  },
  createAgent: {
    request: createAgentSchema.extend({ key_id: z.string(), key_hash: z.string() }),
    response: storedAgentSchema,
  },
  findAgentKey: {
    request: z.object({ key_id: z.string() }),
    response: z.object({
      key: z.object({ agent_id: identityId, key_hash: z.string() }).nullable(),
    }),
  },
  listAgents: {
    request: z.object(page),
    response: z.object({ agents: z.array(storedAgentSchema), next_cursor: z.string().nullable() }),
  },
  getAgent: { request: z.object({ agent_id: identityId }), response: storedAgentSchema },

  // Connections
  /** The credential (session or key id) is not revoked; the identity's epoch so far, the floor for the lease. */
  authorize: {
    request: z.object({ identity_id: identityId, credential_id: z.string() }),
    response: z.object({ epoch: z.int().min(0) }),
  },
  /** Raises the identity's epoch, strictly (else `replaced`), and lists what is undelivered. */
  connect: {
    request: z.object({
      identity_id: identityId,
      credential_id: z.string(),
      epoch: z.int().min(1),
      /** How many most recently active counterparts to list. */
      counterparts: z.int().min(0),
    }),
    response: z.object({
      log_id: z.string(),
      pending: z.array(pendingSchema),
      next_cursor: z.string().nullable(),
      counterparts: z.array(identityId),
    }),
  },
  /** Further pages of what `connect` began to list. */
  listPending: {
    request: z.object({ identity_id: identityId, ...page }),
    response: z.object({ pending: z.array(pendingSchema), next_cursor: z.string().nullable() }),
  },

  // Conversations
  append: {
    request: z.object({ operations: z.array(operationSchema).min(1).max(2_000) }),
    response: z.object({ results: z.array(operationResultSchema) }),
  },
  /**
   * A page of the log for a member; `after_seq: null` starts at its `delivered_seq`. `after_seq` in the answer is where
   * it started, which may be later than asked: of a deleted conversation only the last event is left.
   */
  readLog: {
    request: z.object({
      identity_id: identityId,
      epoch,
      conversation_id: conversationId,
      after_seq: seq.nullable(),
      limit: z.int().min(1).max(1_000),
    }),
    response: eventPageSchema.extend({ after_seq: seq }),
  },
  createConversation: {
    request: z.object({
      user_id: identityId,
      agent_id: identityId,
      title: z.string().optional(),
      client_id: z.string().optional(),
    }),
    response: z.object({ conversation: conversationSchema, created: z.boolean() }),
  },
  getConversation: {
    request: z.object({ identity_id: identityId, conversation_id: conversationId }),
    response: conversationSchema,
  },
  /** Title makes an event, the others move the caller's sync_token. */
  updateConversation: {
    request: updateConversationSchema.and(
      z.object({ identity_id: identityId, conversation_id: conversationId }),
    ),
    response: conversationSchema,
  },
  /** For the person of a conversation; its last event can be read for 30 days. */
  deleteConversation: {
    request: z.object({ identity_id: identityId, conversation_id: conversationId }),
    response: ok,
  },
  listConversations: {
    request: z.object({ identity_id: identityId, since: z.string().optional(), ...page }),
    response: conversationPageSchema,
  },
  listMessages: {
    request: z.object({
      identity_id: identityId,
      conversation_id: conversationId,
      before_seq: seq.optional(),
      after_seq: seq.optional(),
      limit: z.int().min(1).max(1_000),
    }),
    response: messagePageSchema,
  },
  /** The present members, told to one of them. */
  listMembers: {
    request: z.object({ identity_id: identityId, conversation_id: conversationId }),
    response: z.object({ members: z.array(memberSchema) }),
  },
  /** Those of the ids that share a conversation with the caller, with when they last connected. */
  counterparts: {
    request: z.object({ identity_id: identityId, ids: z.array(identityId).max(1_000) }),
    response: z.object({ ids: z.array(identityId) }),
  },
  /** When identities last connected, as far as the store knows; for `last_seen` when Redis has forgotten. */
  lastConnected: {
    request: z.object({ ids: z.array(identityId).max(1_000) }),
    response: z.object({ at: z.record(z.string(), z.string()) }),
  },

  // Push
  registerPush: {
    request: z.object({ user_id: identityId, registration: pushRegistrationSchema }),
    response: ok,
  },
  unregisterPush: { request: z.object({ user_id: identityId, token: z.string() }), response: ok },
  /** What a device would be told about this conversation now; null when there is nothing (left) to say. */
  pushState: {
    request: pushJobSchema,
    response: z.object({
      push: z
        .object({
          seq,
          /** When the message was committed. */
          at: z.string(),
          /** When the device was last told about this conversation. */
          pushed_at: z.string().nullable(),
          agent_name: z.string(),
          content: z.string().nullable(),
          badge: z.int().min(0),
          device: pushRegistrationSchema.and(z.object({ registered_at: z.string() })),
        })
        .nullable(),
    }),
  },
  markPushed: { request: pushJobSchema.extend({ seq }), response: ok },
  /** Removes a token that its provider calls dead, unless it was registered (again) after that time. */
  dropPushToken: {
    request: z.object({ token: z.string(), registered_until: z.string() }),
    response: z.object({ dropped: z.boolean() }),
  },
  /** What the push worker can send: no jobs are made for the other platforms. */
  announcePush: { request: pushConfigSchema, response: ok },
  /** What was announced last; null before that. */
  pushConfig: { request: z.object({}), response: z.object({ push: pushConfigSchema.nullable() }) },
  listDeadPushes: { request: z.object(page), response: deadPushPageSchema },
  replayDeadPushes: { request: replayDeadPushesSchema, response: replayedPushesSchema },
} as const satisfies Record<string, CallContract>;

export const authCalls = {
  register: {
    request: registerSchema,
    response: z.object({ user_id: identityId, username: z.string() }),
  },
  login: { request: loginSchema, response: tokensSchema },
  refresh: { request: refreshSchema, response: tokensSchema },
  logout: { request: logoutSchema, response: endedSchema },
  agentToken: { request: z.object({ api_key: z.string() }), response: agentTokenSchema },
  /** Who an API key belongs to; `unauthorized` when it is unknown, wrong or revoked. */
  verifyApiKey: {
    request: z.object({ api_key: z.string() }),
    response: z.object({ agent_id: identityId, key_id: z.string() }),
  },
  createAgent: {
    request: createAgentSchema,
    response: z.object({ agent: storedAgentSchema, api_key: z.string(), key_id: z.string() }),
  },
} as const satisfies Record<string, CallContract>;

export type Calls = Record<string, CallContract>;
export type CallRequest<C extends Calls, N extends keyof C> = z.output<C[N]['request']>;
export type CallResponse<C extends Calls, N extends keyof C> = z.infer<C[N]['response']>;
/** A service's calls as a typed client; every method throws AppError with the callee's code, or `unavailable`. */
export type Client<C extends Calls> = {
  [N in keyof C]: (request: z.input<C[N]['request']>) => Promise<CallResponse<C, N>>;
};
/** One handler per call; a missing one does not compile. */
export type Handlers<C extends Calls> = {
  [N in keyof C]: (request: CallRequest<C, N>) => Promise<CallResponse<C, N>> | CallResponse<C, N>;
};
