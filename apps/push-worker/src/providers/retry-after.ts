/** No provider asks for more; a date in another century must not end all sends. */
const LONGEST_MS = 3_600_000;

/**
 * The header's wait in milliseconds, given as seconds or as a date, an hour at most; undefined when there is none that
 * makes sense.
 */
export function parseRetryAfter(
  header: string | string[] | undefined,
  now = Date.now(),
): { retryAfterMs?: number } {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return {};
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? { retryAfterMs: Math.min(ms, LONGEST_MS) } : {};
}
