import type { Store } from '../store';
import type { Sqlite } from './sqlite';

/** A check is a commit, and whoever may ask for the health of the service may ask often. */
const FRESH_MS = 1_000;

/** Tells whether the database takes writes, by a small one; who asks soon after is told the same. */
export function createCommitCheck({ db }: Pick<Sqlite, 'db'>): Pick<Store, 'checkCommits'> {
  let last: { at: number; outcome: Promise<void> } | undefined;

  /** Changes no row, so that nothing is to be cleaned after it. */
  function commit(): void {
    const version = Number(db.pragma('user_version', { simple: true }));
    db.pragma(`user_version = ${version}`);
  }

  return {
    async checkCommits() {
      const at = performance.now();
      if (!last || at - last.at >= FRESH_MS) last = { at, outcome: (async () => commit())() };
      return last.outcome;
    },
  };
}
