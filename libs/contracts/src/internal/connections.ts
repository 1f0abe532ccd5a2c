import { z } from 'zod';
import type { CallContract } from './call-contract';
import { conversationId, identityId, page, seq } from './call-contract';
import { positionMovedSchema } from './operations';

/** A conversation whose log is ahead of what the identity has taken responsibility for. */
const pendingSchema = z.object({
  conversation_id: conversationId,
  delivered_seq: seq,
  last_seq: seq,
});
export type Pending = z.infer<typeof pendingSchema>;

/** Counted no further. */
export const MOST_COUNTED_CONVERSATIONS = 10_000;

export const connectionCalls = {
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
      /** How many most recently active counterparts to list, of the 1,000 most recently active conversations. */
      counterparts: z.int().min(0),
    }),
    response: z.object({
      log_id: z.string(),
      pending: z.array(pendingSchema),
      next_cursor: z.string().nullable(),
      counterparts: z.array(identityId),
      /** When those of them that have been here last connected, as `lastConnected` tells. */
      last_connected: z.record(z.string(), z.string()),
    }),
  },
  /** Further pages of what `connect` began to list. */
  listPending: {
    request: z.object({ identity_id: identityId, ...page }),
    response: z.object({ pending: z.array(pendingSchema), next_cursor: z.string().nullable() }),
  },
  /**
   * An agent's connection broke before it had dealt with events up to these. In each conversation that is an attempt of
   * the first of them that came from others. From the second on they are suspects, which `readLog` tells; after
   * LIMITS.deliveryAttempts the event counts as delivered, and its message is answered by one that failed.
   */
  countAttempts: {
    request: z.object({
      agent_id: identityId,
      log_id: z.string(),
      under_way: z
        .array(z.object({ conversation_id: conversationId, seq }))
        .min(1)
        .max(1_000),
    }),
    response: z.object({
      moved: z.array(positionMovedSchema),
      suspects: z.array(
        z.object({
          conversation_id: conversationId,
          seq,
          message_id: z.string().nullable(),
          attempts: z.int().min(1),
          handed_over: z.boolean(),
        }),
      ),
    }),
  },
  /** How many conversations with messages an identity is in, up to a bound: what it may do grows with that. */
  countConversations: {
    request: z.object({ identity_id: identityId }),
    response: z.object({ conversations: z.int().min(0).max(MOST_COUNTED_CONVERSATIONS) }),
  },
  /** Those that have been revoked or have run out: the net below a revocation that no gateway was told of. */
  checkCredentials: {
    request: z.object({
      credentials: z
        .array(z.object({ identity_id: identityId, credential_id: z.string() }))
        .max(1_000),
    }),
    response: z.object({ invalid: z.array(z.string()) }),
  },
} as const satisfies Record<string, CallContract>;
