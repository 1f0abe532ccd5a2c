import { z } from 'zod';
import { LIMITS } from './limits';
import { canonicalEmoji, isPlainLine, showsNothing } from './shown-text';

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

function contentOf(schema: z.ZodString) {
  return wellFormed(schema)
    .refine(atMostBytes(LIMITS.contentBytes), `must be at most ${LIMITS.contentBytes} bytes`)
    .describe(`At most ${LIMITS.contentBytes} bytes of UTF-8.`);
}

export const contentSchema = contentOf(z.string().min(1));
/** Of an answer that failed there may be no text. */
export const maybeContentSchema = contentOf(z.string());

/** The pattern of text that is not only spaces. */
export const NOT_BLANK = '\\S';

/**
 * Text that is taken without the spaces around it. What is counted is what remains, so that documents cannot tell the
 * most of what is sent by `maxLength`: who checks by them would refuse what is taken.
 * @param says what it is, for the documents
 */
function trimmed(maxChars: number, says = '') {
  const most = maxChars.toLocaleString('en');
  return wellFormed(z.string().trim().min(1).max(maxChars)).meta({
    maxLength: undefined,
    pattern: NOT_BLANK,
    description:
      `${says} At most ${most} characters, without the spaces around them, which are taken off.`.trim(),
  });
}

export const failureSchema = trimmed(
  LIMITS.failureChars,
  'Why there is no answer, for people to read.',
);

/** Any JSON value. Registered in place: a clone would leave the recursion without its name. */
export const jsonSchema = z.json().register(z.globalRegistry, { id: 'Json' });
type Json = z.infer<typeof jsonSchema>;

/**
 * Not a zod record: that parses by recursion and runs out of stack on the nesting that a frame of 2 MiB has room for,
 * which must be answered as `invalid_payload`. The size comes last, because JSON.stringify recurses as well.
 */
export const metadataSchema = z
  .custom<Record<string, Json>>(isPlainObject, 'must be a JSON object')
  .refine((value) => isJson(value, LIMITS.metadataLevels), {
    message: `must be JSON of well-formed Unicode and of numbers that a double keeps within ±(2^53 - 1), at most ${LIMITS.metadataLevels} levels deep`,
    abort: true,
  })
  .refine((value) => atMostBytes(LIMITS.metadataBytes)(JSON.stringify(value)), {
    message: `must be at most ${LIMITS.metadataBytes} bytes as JSON`,
  })
  .meta({
    type: 'object',
    description: `At most ${LIMITS.metadataBytes} bytes as JSON and ${LIMITS.metadataLevels} levels deep. Numbers are IEEE 754 doubles; those beyond ±(2^53 - 1), with more than 17 significant digits, or too small, which JSON parsers round, are refused: send them as text.`,
  });

/** Level by level, so that no depth exhausts the stack. */
function isJson(root: object, levels: number): boolean {
  let containers: object[] = [root];
  for (let depth = 1; containers.length > 0; depth += 1) {
    if (depth > levels) return false;
    const next: object[] = [];
    for (const container of containers) {
      for (const [key, value] of Object.entries(container) as [string, unknown][]) {
        if (Array.isArray(value) || isPlainObject(value)) next.push(value);
        else if (!isScalar(value)) return false;
        if (!key.isWellFormed()) return false;
      }
    }
    containers = next;
  }
  return true;
}

/** Not the buffers of a binary frame. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  // A larger one was rounded to a double: it is not what was sent. Infinite is what nobody could keep.
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return value === null || typeof value === 'boolean';
}

/** ASCII before it is lower-cased: the Kelvin sign would become a `k`. */
export const usernameSchema = z
  .string()
  .regex(/^\s*[A-Za-z0-9._-]{3,32}\s*$/, 'must be 3 to 32 of a-z 0-9 . _ -')
  .trim()
  .toLowerCase()
  .describe('Lower-cased on entry, and spaces around it are taken off.');

/** One that is looked for: what could be nobody's is found nowhere, and no malformed request. */
export const soughtUsernameSchema = z.string().max(1_024).overwrite(foldUsername);

/** As `usernameSchema`, of what need not be one: letters that are none of its own stay as they are. */
export function foldUsername(text: string): string {
  return text.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** In one form, whatever keyboard wrote it. bcrypt reads 72 bytes and silently ignores the rest: more is refused. */
export const passwordSchema = wellFormed(z.string().normalize('NFC'))
  .refine((text) => {
    const bytes = byteLength(text);
    return bytes >= LIMITS.passwordBytes.min && bytes <= LIMITS.passwordBytes.max;
  }, `must be ${LIMITS.passwordBytes.min} to ${LIMITS.passwordBytes.max} bytes`)
  .describe(
    `${LIMITS.passwordBytes.min} to ${LIMITS.passwordBytes.max} bytes of UTF-8, normalized to NFC. Refused as well, \`invalid_payload\`: the most common passwords, one character repeated, the username.`,
  );

/** One line that others are shown. */
export function lineSchema(maxChars: number, says = '') {
  const line = 'One line: no control characters, none that set the direction of writing.';
  return trimmed(maxChars, `${line} ${says}`.trim()).refine(
    isPlainLine,
    'must have no control characters and no controls of writing direction',
  );
}
export const titleSchema = lineSchema(LIMITS.titleChars);
export const agentNameSchema = lineSchema(LIMITS.agentNameChars);
/** RFC 3339, UTC, milliseconds: as times are kept and answered. */
export const timeSchema = z.iso.datetime({ precision: 3 });
/** As they may be sent, with any offset and precision. */
export const sentTimeSchema = z.iso
  .datetime({ offset: true, abort: true })
  .overwrite((time) => new Date(time).toISOString())
  // Others have more digits, which no longer compare as text.
  .refine((time) => /^\d{4}-/.test(time), 'must be in the years 0000 to 9999, in UTC');

const graphemes = new Intl.Segmenter();

/** One grapheme cluster, which may be many code points: a family, a flag, a skin tone. */
export const emojiSchema = wellFormed(z.string().min(1))
  // Before the text is taken apart, which costs far more than counting its bytes.
  .refine(atMostBytes(LIMITS.emojiBytes), {
    message: `must be at most ${LIMITS.emojiBytes} bytes`,
    abort: true,
  })
  .refine((text) => [...graphemes.segment(text)].length === 1, 'must be one grapheme cluster')
  .refine((text) => !showsNothing(text), 'must show something')
  .overwrite(canonicalEmoji)
  .describe(
    `One grapheme cluster that shows something, at most ${LIMITS.emojiBytes} bytes of UTF-8. With and without variation selectors it is one emoji; answered in its fully qualified form.`,
  );

export const tagsSchema = z
  .array(trimmed(LIMITS.tagChars))
  .max(LIMITS.tags)
  .transform((tags) => [...new Set(tags)])
  .describe('One that is there twice is kept once.');
