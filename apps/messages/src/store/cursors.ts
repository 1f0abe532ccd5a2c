import { AppError } from '@agent-messenger/service-kit';
import { createHash, timingSafeEqual, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { digestOf } from './send-digest';

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
    throw notIssuedHere(cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw notIssuedHere();
  return parsed.data;
}

function notIssuedHere(cause?: unknown): AppError {
  return new AppError('invalid_payload', 'This cursor or token was not issued here.', { cause });
}

/** As `encodeCursor`, of something that nobody else is to make up. `of` is what it is the cursor of. */
export function signCursor(key: KeyObject, of: string, value: unknown): string {
  return encodeCursor({ value, mac: digestOf(key, [of, value]).toString('base64url') });
}

/** Throws `invalid_payload` for anything that `signCursor` did not make of this. */
export function verifyCursor<T>(key: KeyObject, of: string, schema: z.ZodType<T>, text: string): T {
  const signed = z.object({ value: schema, mac: z.string() });
  const { value } = decodeCursor(signed, text);
  // The whole text: no other encoding of the same is one of ours.
  const expected = createHash('sha256')
    .update(signCursor(key, of, value))
    .digest();
  if (!timingSafeEqual(expected, createHash('sha256').update(text).digest())) {
    throw notIssuedHere();
  }
  return value;
}

const idCursorSchema = z.object({ after: z.string() });

/** Lists in the order of ids go on after the last id; without a cursor they begin at `first`. */
export function afterOf(cursor: string | undefined, first = ''): string {
  return cursor === undefined ? first : decodeCursor(idCursorSchema, cursor).after;
}
