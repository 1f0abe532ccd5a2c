import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  timeoutMs?: number;
  intervalMs?: number;
  /** What is waited for, for the error message. */
  describe?: string;
}

/**
 * Asks until the answer is truthy and resolves with it. A condition that throws counts as "not yet";
 * its last error is the cause of the rejection. The time is for what never comes: nothing is shown to be quick by it.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 20, describe = 'the condition' }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${describe}`, { cause });
    }
    await delay(intervalMs);
  }
}

/**
 * Waits until `count` has reached `target`, for as long as the machine needs: rejects when it has not grown for
 * `stalledMs`.
 */
export async function waitForProgress(
  count: () => number | Promise<number>,
  target: number,
  { stalledMs = 30_000, intervalMs = 100, describe = 'the progress' } = {},
): Promise<void> {
  let most = -Infinity;
  let grownAt = performance.now();
  for (;;) {
    const now = await count();
    if (now >= target) return;
    if (now > most) [most, grownAt] = [now, performance.now()];
    else if (performance.now() - grownAt > stalledMs) {
      throw new Error(`${describe} stood at ${now} of ${target} for ${stalledMs} ms`);
    }
    await delay(intervalMs);
  }
}
