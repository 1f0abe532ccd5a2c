import { z } from 'zod';
import type { ErrorCode } from '../errors';
import { conversationIdSchema, messageIdSchema } from '../ids';
import { LIMITS } from '../limits';

/** Who may call a route. `member` is a person or an agent; whether it is a member is the store's answer. */
export type Caller = 'anyone' | 'person' | 'agent_key' | 'member' | 'admin';

export interface RouteContract {
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  /** For the documentation: one sentence. */
  summary: string;
  /** Express path; parameters are named as in `params`. */
  path: string;
  caller: Caller;
  /** Only on the internal port, wherever the others of its caller are. */
  port?: 'internal';
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Body of the positive answer; null: 204 without one. */
  response: z.ZodType | null;
  /** Status of the positive answer. */
  status: number;
  /** Status when the request repeats one that was carried out, of routes with a `client_id`. */
  repeatedStatus?: number;
  /** Status of the same body while the gateway drains. */
  drainingStatus?: number;
  /** What it may be refused with besides what follows from its caller, its parameters and its body. */
  errors?: readonly ErrorCode[];
}

/** A query or path parameter arrives as text. */
export const intFromText = (schema: z.ZodInt) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(schema);
export const limitFromText = intFromText(z.int().min(1).max(LIMITS.pageMax)).default(
  LIMITS.pageDefault,
);
/** `compact=1` in a query. */
export const compactQuery = z.literal('1').optional();
export const cursorSchema = z.string().min(1).max(512);
/** What every list but the log's takes. */
export const pageQuery = z.object({ limit: limitFromText, cursor: cursorSchema.optional() });
export const nextCursor = { next_cursor: z.string().nullable() };

export const inConversation = z.object({ conversation_id: conversationIdSchema });
export const ofMessage = inConversation.extend({ message_id: messageIdSchema });
