import { z } from 'zod';
import { errorSchema } from '../errors';
import { receiptSchema } from '../objects';
import { changedSchema, sendSchema, sentSchema } from '../sockets';
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
  sendSchema.extend({ op: z.literal('send'), identity_id: identityId, epoch, traceparent }),
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
