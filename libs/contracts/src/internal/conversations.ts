import { z } from 'zod';
import { updateConversationSchema } from '../conversation-bodies';
import {
  conversationPageSchema,
  conversationSchema,
  eventPageSchema,
  memberSchema,
  messagePageSchema,
} from '../objects';
import type { CallContract } from './call-contract';
import { conversationId, epoch, identityId, ok, page, seq } from './call-contract';
import { operationResultSchema, operationSchema } from './operations';

export const conversationCalls = {
  append: {
    request: z.object({ operations: z.array(operationSchema).min(1).max(2_000) }),
    response: z.object({ results: z.array(operationResultSchema) }),
  },
  /**
   * A page of the log for a member; `after_seq: null` starts at its `delivered_seq`. `after_seq` in the answer is where
   * it started, which may be later than asked: of a deleted conversation only the last event is left. `max_bytes` is about
   * how much content the page carries at most, though always one event; by default, and never more than, 1 MiB.
   */
  readLog: {
    request: z.object({
      identity_id: identityId,
      epoch,
      conversation_id: conversationId,
      after_seq: seq.nullable(),
      limit: z.int().min(1).max(1_000),
      max_bytes: z.int().min(1).optional(),
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
} as const satisfies Record<string, CallContract>;
