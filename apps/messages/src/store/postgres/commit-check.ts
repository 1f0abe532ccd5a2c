import type { Store } from '../store';
import type { Postgres } from './postgres';

/** A check is a commit, and whoever may ask for the health of the service may ask often. */
const FRESH_MS = 1_000;
/** Is in the log of writes, which the commit waits for, and in no table. */
const NOTE = `SELECT pg_logical_emit_message(true, 'agent-messenger', 'check')`;

/** Tells whether the database takes writes, by a small one; who asks soon after is told the same. */
export function createCommitCheck({ write }: Postgres): Pick<Store, 'checkCommits'> {
  let last: { at: number; outcome: Promise<void> } | undefined;

  return {
    async checkCommits() {
      const at = performance.now();
      if (!last || at - last.at >= FRESH_MS) {
        last = { at, outcome: write(async (tx) => void (await tx.all(NOTE))) };
      }
      return last.outcome;
    },
  };
}
