import { z } from 'zod';
import { LIMITS } from './limits';

const encoder = new TextEncoder();

/** Length in UTF-8 bytes. */
export function byteLength(text: string): number {
  // Most texts are far below every bound: three bytes per UTF-16 unit is the worst case.
  return encoder.encode(text).length;
}

/** Text without lone surrogates: SQLite would silently turn those into U+FFFD. */
export function wellFormed(schema: z.ZodString) {
  return schema.refine((text) => text.isWellFormed(), 'must be well-formed Unicode');
}

function atMostBytes(max: number) {
  // The cheap bounds first: no text is encoded that cannot or must fit.
  return (text: string) =>
    text.length <= max && (text.length * 3 <= max || byteLength(text) <= max);
}

export const contentSchema = wellFormed(z.string().min(1)).refine(
  atMostBytes(LIMITS.contentBytes),
  `must be at most ${LIMITS.contentBytes} bytes`,
);

export const metadataSchema = z
  .record(z.string(), z.json())
  .refine((value) => atMostBytes(LIMITS.metadataBytes)(JSON.stringify(value)), {
    message: `must be at most ${LIMITS.metadataBytes} bytes as JSON`,
  })
  .refine((value) => wellFormedDeep(value), 'must be well-formed Unicode');

function wellFormedDeep(value: unknown): boolean {
  // JSON.stringify escapes lone surrogates as \udXXX, so a well-formed text never contains one escaped.
  return !/\\ud[89a-f][0-9a-f]{2}/i.test(JSON.stringify(value).replace(/\\\\/g, ''));
}

export const usernameSchema = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9._-]{3,32}$/, 'must be 3 to 32 of a-z 0-9 . _ -');

/** bcrypt reads 72 bytes and silently ignores the rest: more is refused. */
export const passwordSchema = wellFormed(z.string()).refine((text) => {
  const bytes = byteLength(text);
  return bytes >= LIMITS.passwordBytes.min && bytes <= LIMITS.passwordBytes.max;
}, `must be ${LIMITS.passwordBytes.min} to ${LIMITS.passwordBytes.max} bytes`);

export const titleSchema = wellFormed(z.string().trim().min(1).max(LIMITS.titleChars));
export const agentNameSchema = wellFormed(z.string().trim().min(1).max(LIMITS.agentNameChars));
/** RFC 3339, UTC, milliseconds. */
export const timeSchema = z.iso.datetime({ precision: 3 });
