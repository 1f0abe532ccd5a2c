import { setTimeout as delay } from 'node:timers/promises';

/** Waits 100 ms, 200 ms, … up to 5 s, with jitter, before the next try of what has failed `failures` times before. */
export async function backoff(failures: number): Promise<void> {
  await delay(Math.min(100 * 2 ** failures, 5_000) * (0.5 + Math.random() / 2));
}
