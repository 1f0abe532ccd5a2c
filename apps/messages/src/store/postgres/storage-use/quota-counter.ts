import type { Changes, Uncounted } from './uncounted';

/** Between two writes of what was counted in memory. */
const COUNT_MS = 1_000;

export interface QuotaCounter {
  wake(): void;
  /** Counts what is left, and no more. */
  close(): Promise<void>;
}

/** Counts in the table what was counted in memory. */
export function createQuotaCounter(
  uncounted: Uncounted,
  count: (changes: Changes) => Promise<void>,
): QuotaCounter {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    timer = undefined;
    if (uncounted.isEmpty) return;
    // The next commit tries again: what stands in the way is told to whoever can be told.
    await uncounted.count(count).catch(() => undefined);
  }
  function flushNext(): Promise<void> {
    running = running.then(flush);
    return running;
  }
  return {
    wake() {
      timer ??= setTimeout(() => void flushNext(), COUNT_MS).unref();
    },
    close() {
      clearTimeout(timer);
      return flushNext();
    },
  };
}
