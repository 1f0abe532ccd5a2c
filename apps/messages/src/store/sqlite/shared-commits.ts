import type { Database } from 'better-sqlite3';

interface Waiting {
  work(): unknown;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}
type Outcome = { answer: unknown } | { error: unknown };

/** Transactions of many callers that share a commit, and so an fsync. */
export interface SharedCommits {
  /**
   * Carries out `work` in an IMMEDIATE transaction with whatever else asks in this turn of the event loop, in order;
   * resolves after the commit. A throw undoes that work alone. What befalls the database as a whole befalls them all,
   * and then nothing of any of them was written.
   */
  write<T>(work: () => T): Promise<T>;
  /** Commits what waits. */
  flush(): void;
}

/**
 * @param around what each transaction does besides: before its commit, and after it, or after all of it was rolled back
 */
export function createSharedCommits(
  db: Database,
  around: { beforeCommit(): void; afterCommit(): void; afterRollback(): void },
): SharedCommits {
  let waiting: Waiting[] = [];
  // Within another transaction it is a savepoint.
  const alone = db.transaction((work: () => unknown) => work());

  function attempt(work: () => unknown): Outcome {
    try {
      return { answer: alone(work) };
    } catch (error) {
      // SQLite has rolled back all of it: a full disk, for instance.
      if (!db.inTransaction) throw error;
      return { error };
    }
  }

  const together = db.transaction((batch: Waiting[]): Outcome[] => {
    const [first, ...others] = batch;
    // Within a savepoint SQLite copies each page before it changes it, which costs a batch of sends a seventh of its
    // time; what is by itself is undone with the transaction.
    const outcomes =
      first && others.length === 0
        ? [{ answer: first.work() }]
        : batch.map(({ work }) => attempt(work));
    around.beforeCommit();
    return outcomes;
  });

  function flush(): void {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    let outcomes: Outcome[];
    try {
      outcomes = together.immediate(batch);
    } catch (error) {
      around.afterRollback();
      for (const { reject } of batch) reject(error);
      return;
    }
    around.afterCommit();
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome && 'answer' in outcome) resolve(outcome.answer);
      else reject(outcome?.error);
    }
  }

  return {
    write<T>(work: () => T) {
      return new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ work, resolve: resolve as (answer: unknown) => void, reject });
      });
    },
    flush,
  };
}
