import BetterSqlite3 from 'better-sqlite3';
import { chmodSync, copyFileSync, linkSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { lockFile, lockOf } from '../files/lock-file';
import { followLinks, isThere, LOGS, PARTS, removeDatabase } from '../files/parts';
import { syncPath } from '../files/sync-path';
import { leaveToOwner } from './leave-to-owner';
import { checkStore, openStoreFile, type StoreFacts } from './store-facts';

export interface RestoredBackup extends StoreFacts {
  backup: string;
  database: string;
  /** Where what was there has gone. */
  previous: string | null;
}

/**
 * Puts a backup in the place of a store that is not in use. The log gets another identity, because what was committed
 * after the backup is no part of it: clients reload instead of waiting for positions that will never come.
 */
export function restoreBackup(backup: string, path: string): RestoredBackup {
  if (!isThere(backup)) throw new Error(`there is no backup at ${backup}`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = followLinks(path);
  // The lock that messages holds for as long as it runs.
  const lock = lockFile(lockOf(database), `${database} is in use: stop messages first`);
  const fresh = `${database}.restoring`;
  try {
    const facts = prepare(backup, fresh);
    syncPath(fresh);
    const owner = isThere(database) ? database : dirname(database);
    leaveToOwner(owner, [fresh, lockOf(database)]);
    const previous = keepAside(database);
    renameSync(fresh, database);
    syncPath(dirname(database));
    return { backup, database, ...facts, previous };
  } finally {
    removeDatabase(fresh);
    lock.release();
  }
}

/** A copy that is whole and checked. */
function prepare(backup: string, fresh: string): StoreFacts {
  // Of a restore that was interrupted: its journal would be carried out on this copy.
  removeDatabase(fresh);
  // A backup has nothing beside it; the store of a machine that crashed has.
  for (const part of ['', ...LOGS]) {
    if (isThere(backup + part)) copyFileSync(backup + part, fresh + part);
  }
  chmodSync(fresh, 0o600);
  const db = openStoreFile(fresh, { name: backup });
  try {
    const facts = checkStore(db, backup);
    db.pragma('journal_mode = DELETE');
    // The next start makes a new one.
    db.prepare("DELETE FROM meta WHERE key = 'log_id'").run();
    return facts;
  } finally {
    db.close();
  }
}

/**
 * Keeps what is there under another name. At no moment is there no store: messages would make an empty one.
 * @returns what it is called now
 */
function keepAside(database: string): string | null {
  const aside = `${database}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  const hadOne = isThere(database);
  if (hadOne) {
    intoOneFile(database);
    linkSync(database, aside);
  }
  // Of a store that was lost, or is too damaged to take them in: SQLite would carry them out on the restored one.
  const rest = PARTS.slice(1).filter((part) => isThere(database + part));
  for (const part of rest) renameSync(database + part, aside + part);
  syncPath(dirname(database));
  const [first] = hadOne ? [''] : rest;
  return first === undefined ? null : aside + first;
}

/** What is in its write-ahead log goes into the file. */
function intoOneFile(database: string): void {
  try {
    const db = new BetterSqlite3(database, { fileMustExist: true });
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  } catch {
    // Damaged, which may be why it is replaced: file and log are kept as they are.
  }
}
