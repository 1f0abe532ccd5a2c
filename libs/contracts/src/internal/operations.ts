import { z } from 'zod';
import { errorSchema } from '../errors';
import { parsedSendSchema } from '../message-bodies';
import { receiptSchema } from '../objects';
import { changedSchema, sentSchema } from '../sockets';
import { conversationId, epoch, identityId, seq } from './call-contract';

/** W3C Trace Context of the request that asks for it; there when it is traced. */
const traceparent = z.string().optional();
const change = {
  identity_id: identityId,
  epoch,
  conversation_id: conversationId,
  message_id: z.string(),
  traceparent,
};

/** What a gateway hands over in one append. All of it shares one transaction; each operation has its own answer. */
export const operationSchema = z.discriminatedUnion('op', [
  parsedSendSchema.extend({
    op: z.literal('send'),
    identity_id: identityId,
    epoch,
    traceparent,
    /** Its gateway gives the event to the connection that sends it: the relay need not. */
    own: z.boolean().optional(),
  }),
  z.object({
    op: z.enum(['received', 'read']),
    identity_id: identityId,
    epoch,
    conversation_id: conversationId,
    seq,
    /** Of `received`: up to where a person may have seen it; absent: up to `seq`. */
    seen_seq: z.int().min(0).optional(),
    /** The log that the position is of: in another one, after a restore from a backup, it means nothing. */
    log_id: z.string().optional(),
  }),
  // How a stream has ended. Without `content` nothing is known of its text; `given`: its agent repeated it.
  parsedSendSchema
    .pick({
      conversation_id: true,
      metadata: true,
      reply_to: true,
      error: true,
      actions: true,
      actions_expire_at: true,
    })
    .extend({
      op: z.literal('finish'),
      identity_id: identityId,
      epoch,
      stream_id: z.string(),
      outcome: z.enum(['end', 'fail', 'interrupt']),
      content: z.string().optional(),
      given: z.boolean(),
      traceparent,
    }),
  z.object({ op: z.literal('edit'), ...change, content: z.string() }),
  z.object({ op: z.literal('delete'), ...change }),
  // Answered with what changed, not with the message: that may be a thousand times as large as the operation.
  z.object({ op: z.literal('react'), ...change, emoji: z.string(), set: z.boolean() }),
  // As well: a repeated choice is small, its message need not be.
  z.object({ op: z.literal('choose'), ...change, action_id: z.string() }),
]);
export type Operation = z.infer<typeof operationSchema>;

/**
 * An operation that this version cannot carry out: a newer caller knows it, or it has values that are not allowed here.
 */
export interface UnknownOperation {
  op: 'unknown';
}
/**
 * As a callee reads operations: a batch is of many people, and one that is not known here must not refuse those of the
 * others.
 */
export const receivedOperationSchema = operationSchema
  .transform((operation): Operation | UnknownOperation => operation)
  .catch({ op: 'unknown' });

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
