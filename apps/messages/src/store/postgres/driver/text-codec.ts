/** PostgreSQL's text cannot have U+0000: this and what follows it stand for it, and for this character itself. */
const ESCAPE = '\u001a';
const NUL = '\u0000';
const ESCAPED_NUL = `${ESCAPE}0`;
const ESCAPED_ESCAPE = `${ESCAPE}s`;

/**
 * A text as the database has it. All texts go through here at the driver's boundary, so that no query can forget it.
 */
export function encodeText(text: string): string {
  if (!text.includes(NUL) && !text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(NUL, ESCAPED_NUL);
}

export function decodeText(stored: string): string {
  if (!stored.includes(ESCAPE)) return stored;
  return stored.replaceAll(ESCAPED_NUL, NUL).replaceAll(ESCAPED_ESCAPE, ESCAPE);
}
