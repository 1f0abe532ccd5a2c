import { AppError } from '@agent-messenger/service-kit';
import { z } from 'zod';

/** Opaque to those who carry it: what a list needs to go on, or a device to ask what changed since. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Throws `invalid_payload` for anything that this program did not make. */
export function decodeCursor<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (cause) {
    throw new AppError('invalid_payload', 'This cursor or token was not issued here.', { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new AppError('invalid_payload', 'This cursor or token was not issued here.');
  }
  return parsed.data;
}

/** Lists in the order of ids go on after the last id. */
export const idCursorSchema = z.object({ after: z.string() });

const position = z.int().min(0);
/** State of a store at the start of a listing: its log and the revision of its last change. */
export const syncTokenSchema = z.object({ log_id: z.string(), rev: position });
/** A listing's next page: its token, what it was asked to list changes since, and where the last page ended. */
export const listCursorSchema = syncTokenSchema.extend({
  since: position.nullable(),
  before_pos: position,
});
