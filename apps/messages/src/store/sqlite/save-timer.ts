/** When what is kept in memory is saved: with the first commit after a while, which it causes if need be. */
export interface SaveTimer {
  /** Whether that while is over. */
  isDue(): boolean;
  /** There is something to save. */
  start(): void;
  /** It is not to wait any longer. */
  now(): void;
  /** It was saved. */
  stop(): void;
}

/** @param commit causes a commit; after one that failed it is tried again */
export function createSaveTimer(afterMs: number, commit: () => Promise<void>): SaveTimer {
  let timer: NodeJS.Timeout | undefined;
  let due = false;

  function start(): void {
    timer ??= setTimeout(now, afterMs).unref();
  }
  function end(): void {
    clearTimeout(timer);
    timer = undefined;
  }
  function now(): void {
    end();
    due = true;
    // A full disk, most likely: the next write says so to someone who can be told.
    commit().catch(start);
  }
  return {
    isDue: () => due,
    start,
    now,
    stop() {
      end();
      due = false;
    },
  };
}
