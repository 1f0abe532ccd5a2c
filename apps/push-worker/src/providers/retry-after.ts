/** The header's wait in milliseconds, given as seconds or as a date; undefined when there is none that makes sense. */
export function parseRetryAfter(
  header: string | string[] | undefined,
  now = Date.now(),
): { retryAfterMs?: number } {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return {};
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? { retryAfterMs: ms } : {};
}
