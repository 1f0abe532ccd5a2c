const BACKOFF_MS = { first: 1_000, longest: 30_000 };

/** Jobs that wait for the same moment do not all come at it. */
export function spread(ms: number): number {
  return ms > 0 ? ms + Math.random() * Math.min(ms, 1_000) : 0;
}

/** Milliseconds before the next try, after so many. */
export function backoff(attempts: number): number {
  const ms = Math.min(BACKOFF_MS.first * 2 ** Math.max(attempts - 1, 0), BACKOFF_MS.longest);
  return ms * (0.75 + Math.random() / 2);
}
