import type { Database } from 'better-sqlite3';
import { randomBytes, type KeyObject } from 'node:crypto';
import { deriveDigestKey } from '../send-digest';
import type { Offsets } from './offsets';

/** One write transaction. */
export interface Transaction {
  /** RFC 3339, the time of all that the transaction writes. */
  at: string;
  /** The store's revision that the transaction makes: what it changes for a listing is stamped with it. */
  rev: number;
}

/** What the parts of the store share. */
export interface Sqlite {
  db: Database;
  logId: string;
  digestKey: KeyObject;
  now(): Date;
  /** Runs `work` in an IMMEDIATE transaction; a throw rolls all of it back. */
  write<T>(work: (tx: Transaction) => T): T;
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

  const transact = db.transaction((work: (tx: Transaction) => unknown) => {
    const result = work({ at: now().toISOString(), rev: Number(nextRev.get()) });
    offsets.save();
    return result;
  });
  return {
    db,
    logId: String(readMeta.get('log_id')),
    digestKey: deriveDigestKey(secret, readMeta.get('salt') as Buffer),
    now,
    write<T>(work: (tx: Transaction) => T) {
      const result = transact.immediate(work) as T;
      offsets.saved();
      return result;
    },
  };
}
