import type { Database } from 'better-sqlite3';
import { randomBytes, type KeyObject } from 'node:crypto';
import { deriveDigestKey } from '../send-digest';
import type { Offsets } from './offsets';
import type { RecentEntry } from './recent-entries';
import { createSharedCommits } from './shared-commits';

/** One write, in a transaction that others may share. */
export interface Transaction {
  /** RFC 3339, the time of all that it writes. */
  at: string;
  /** The store's revision that it makes: what it changes for a listing is stamped with it. */
  rev: number;
  /** Carried out after the work; not when that throws. */
  beforeCommit: (() => void)[];
  /** New messages that it has written. */
  added: RecentEntry[];
}

/** What the parts of the store share. */
export interface Sqlite {
  db: Database;
  logId: string;
  digestKey: KeyObject;
  now(): Date;
  /** Runs `work` in a transaction, and resolves after its commit; a throw rolls all of it back, and nothing else. */
  write<T>(work: (tx: Transaction) => T): Promise<T>;
  /** Commits what waits to be written. */
  flush(): void;
}

export function createSqlite(
  db: Database,
  { secret, now, offsets }: { secret: string; now: () => Date; offsets: Offsets },
): Sqlite {
  db.transaction(() => {
    const insert = db.prepare('INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)');
    insert.run('log_id', `log_${randomBytes(12).toString('hex')}`);
    insert.run('salt', randomBytes(32));
    insert.run('rev', 0);
  }).immediate();
  const readMeta = db.prepare<[string]>('SELECT value FROM meta WHERE key = ?').pluck();
  const nextRev = db
    .prepare("UPDATE meta SET value = value + 1 WHERE key = 'rev' RETURNING value")
    .pluck();

  const commits = createSharedCommits(db, {
    beforeCommit: () => offsets.save(),
    afterCommit: () => offsets.saved(),
  });

  function carryOut<T>(work: (tx: Transaction) => T): T {
    const tx: Transaction = {
      at: now().toISOString(),
      rev: Number(nextRev.get()),
      beforeCommit: [],
      added: [],
    };
    const result = work(tx);
    for (const each of tx.beforeCommit) each();
    return result;
  }

  return {
    db,
    logId: String(readMeta.get('log_id')),
    digestKey: deriveDigestKey(secret, readMeta.get('salt') as Buffer),
    now,
    write: (work) => commits.write(() => carryOut(work)),
    flush: () => commits.flush(),
  };
}
