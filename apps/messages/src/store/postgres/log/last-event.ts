import { randomInt } from 'node:crypto';
import type { Store } from '../../store';
import type { AroundCommits, Transactions } from '../driver/transactions';
import { packTime, unpackTime } from './rows';

/** Rows that replicas note it in: two that share one wait for each other for a commit. */
const ROWS = 16;
/** Between two notes. */
const NOTE_MS = 1_000;
const NOTE = `INSERT INTO last_events AS l (slot, at) VALUES ($1, $2)
  ON CONFLICT (slot) DO UPDATE SET at = greatest(l.at, excluded.at)`;

/**
 * When the last event was committed, which no index of the log tells. Noted with commits, not with each: it is there to
 * find a clock that was set back by more than a moment.
 */
export class LastEvent implements AroundCommits {
  private readonly slot = randomInt(ROWS);
  private last = 0;
  private notedAt = -Infinity;

  beforeCommit(tx: Parameters<AroundCommits['beforeCommit']>[0]): () => void {
    if (tx.wrote.length === 0) return () => undefined;
    const at = packTime(tx.at);
    const now = performance.now();
    const isDue = now - this.notedAt >= NOTE_MS;
    if (isDue) tx.later(NOTE, [this.slot, at]);
    return () => {
      this.last = Math.max(this.last, at);
      if (isDue) this.notedAt = now;
    };
  }

  calls({ read }: Pick<Transactions, 'read'>): Pick<Store, 'lastEventAt'> {
    return {
      lastEventAt: async () => {
        const sql = 'SELECT max(at) AS at FROM last_events';
        const noted = (await read((tx) => tx.get<{ at: number | null }>(sql)))?.at ?? 0;
        const at = Math.max(this.last, noted);
        return at === 0 ? null : unpackTime(at);
      },
    };
  }
}
