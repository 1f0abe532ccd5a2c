/** Resolves after `ms`, or at once when the signal aborts: the caller looks at the signal. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
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

export interface Backoff {
  /** Upper end of the first delay, milliseconds. */
  minMs: number;
  maxMs: number;
}

export const defaultBackoff: Backoff = { minMs: 500, maxMs: 30_000 };

/** Full jitter: clients that lost the same gateway must not come back in step. `attempt` counts from 0. */
export function backoffMs(backoff: Backoff, attempt: number, random = Math.random): number {
  return random() * Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(attempt, 20));
}
