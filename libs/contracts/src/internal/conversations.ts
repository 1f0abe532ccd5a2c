import { z } from 'zod';
import { updateConversationSchema } from '../conversation-bodies';
import {
  conversationPageSchema,
  conversationSchema,
  eventPageSchema,
  memberSchema,
  messageSchema,
  messagePageSchema,
} from '../objects';
import type { CallContract } from './call-contract';
import { conversationId, epoch, identityId, ok, page, seq } from './call-contract';
import { operationResultSchema, receivedOperationSchema } from './operations';

/** Last messages are previews, and reaction events come without their message. */
const compact = z.boolean().optional();

export const conversationCalls = {
  /** One answer per operation, in their order; one that the callee does not know is `unavailable` by itself. */
  append: {
    request: z.object({ operations: z.array(receivedOperationSchema).min(1).max(2_000) }),
    response: z.object({ results: z.array(operationResultSchema) }),
  },
  /**
   * A page of the log for a member; `after_seq: null` starts at its `delivered_seq`. `after_seq` in the answer is where
   * it started, which may be later than asked: of a deleted conversation only the last event is left. `max_bytes` is
   * the most that the events take as JSON, though there is always one; by default, and never more than, a page's bound.
   * `compact`: reaction events come without their message.
   */
  readLog: {
    request: z.object({
      identity_id: identityId,
      epoch,
      conversation_id: conversationId,
      after_seq: seq.nullable(),
      limit: z.int().min(1).max(1_000),
      max_bytes: z.int().min(1).optional(),
      compact,
    }),
    response: eventPageSchema.extend({
      after_seq: seq,
      /**
       * To an agent, at the beginning of what is undelivered: the first of it was under way so often when its
       * connection broke, and up to `until_seq` others were with it. They are to be written last, and one at a time.
       */
      suspect: z.object({ attempts: z.int().min(1), until_seq: seq }).optional(),
      /** Of the commits of those events that are part of a trace, by seq. */
      traceparents: z.record(z.string(), z.string()).optional(),
    }),
  },
  /** A page of the log for a member, as it is answered to one that asks for it. Over a socket: with its epoch. */
  listEvents: {
    request: z.object({
      identity_id: identityId,
      epoch: epoch.optional(),
      conversation_id: conversationId,
      after_seq: seq,
      limit: z.int().min(1).max(1_000),
      max_bytes: z.int().min(1).optional(),
      compact,
    }),
    response: eventPageSchema,
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
    request: z.object({ identity_id: identityId, conversation_id: conversationId, compact }),
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
    request: z.object({ identity_id: identityId, since: z.string().optional(), compact, ...page }),
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
  /**
   * Whether an agent may begin a stream, and the message that it has become, if it has ended. `conflict`: the id was
   * used in another conversation; `invalid_payload`: `reply_to` is elsewhere.
   */
  checkStream: {
    request: z.object({
      identity_id: identityId,
      epoch,
      conversation_id: conversationId,
      stream_id: z.string(),
      reply_to: z.string().optional(),
    }),
    response: z.object({
      message: messageSchema.nullable(),
      /** The present members. */
      members: z.array(memberSchema),
    }),
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
} as const satisfies Record<string, CallContract>;
