import { isTemporary } from './errors';
import { backoffMs, sleep, type Backoff } from './time';

export interface RetryOptions {
  backoff: Backoff;
  /** Ends it: rejects with the signal's reason. */
  signal: AbortSignal;
}

/** Repeats across failures that pass, after the server's hint or else with backoff. `attempt` counts from 0. */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  { backoff, signal }: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!isTemporary(error)) throw error;
      await sleep(error.retryAfterMs ?? backoffMs(backoff, attempt), signal);
      signal.throwIfAborted();
    }
  }
}
