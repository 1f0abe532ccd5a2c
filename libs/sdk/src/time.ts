/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What a timer can be set to: 24.8 days at most. */
export function timerMs(ms: number): number {
  return Math.min(ms, MAX_TIMER_MS);
}

/** Resolves after `timerMs(ms)`, or at once when the signal aborts: the caller looks at the signal. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timerMs(ms));
    signal.addEventListener('abort', done);
  });
}

/** Resolves when `work` settles or after `ms`, whichever comes first. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort();
  work.then(end, end);
  await sleep(ms, over.signal);
}

/** As `work`, unless that has not settled after `timerMs(ms)`: then rejects with `late()`. */
export async function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timerMs(ms));
  });
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}

export interface Backoff {
  /** Upper end of the first delay, milliseconds. */
  minMs: number;
  maxMs: number;
}

/**
 * Whoever waits when the gateways are healthy again is back within 5 s: the longest wait, and a second to connect. A
 * server that wants more time says so itself.
 */
export const defaultBackoff: Backoff = { minMs: 500, maxMs: 4_000 };

/** Full jitter: clients that lost the same gateway must not come back in step. `attempt` counts from 0. */
export function backoffMs(backoff: Backoff, attempt: number, random = Math.random): number {
  return random() * Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempt, 20));
}
