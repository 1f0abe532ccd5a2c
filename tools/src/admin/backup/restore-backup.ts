import Database from 'better-sqlite3';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { AdminError } from '../admin-error';
import { checkStore, openStoreFile } from './store-file';
import { syncPath } from './sync-path';

export interface RestoredBackup {
  backup: string;
  database: string;
  events: number;
  schema_version: number;
  /** Where the store that was there has gone. */
  previous: string | null;
}

/**
 * Puts a backup in the place of a store that is not in use. The log gets another identity, because what was committed
 * after the backup is no part of it: clients reload instead of waiting for positions that will never come.
 */
export function restoreBackup(backup: string, database: string): RestoredBackup {
  if (!existsSync(backup)) throw new AdminError(`there is no backup at ${backup}`);
  mkdirSync(dirname(database), { recursive: true, mode: 0o700 });
  const lock = lockStore(database);
  const fresh = `${database}.restoring`;
  try {
    const { events, schemaVersion } = prepare(backup, fresh);
    const previous = existsSync(database) ? keepAside(database) : null;
    renameSync(fresh, database);
    syncPath(dirname(database));
    return { backup, database, events, schema_version: schemaVersion, previous };
  } finally {
    for (const rest of ['', '-journal']) rmSync(fresh + rest, { force: true });
    lock.close();
  }
}

/** The lock that messages holds for as long as it runs. */
function lockStore(database: string): Database.Database {
  const lock = new Database(`${database}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new AdminError(`${database} is in use: stop messages first`, { cause });
  }
}

function prepare(backup: string, fresh: string) {
  copyFileSync(backup, fresh);
  chmodSync(fresh, 0o600);
  const db = openStoreFile(fresh);
  try {
    const facts = checkStore(db);
    db.pragma('journal_mode = DELETE');
    // The next start makes a new one.
    db.prepare("DELETE FROM meta WHERE key = 'log_id'").run();
    return facts;
  } finally {
    db.close();
  }
}

/** At no moment is there no store: messages would make an empty one. */
function keepAside(database: string): string {
  const aside = `${database}.before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  intoOneFile(database);
  linkSync(database, aside);
  for (const part of ['-wal', '-shm']) {
    if (existsSync(database + part)) renameSync(database + part, aside + part);
  }
  return aside;
}

/** What is in its write-ahead log goes into the file; a store that is too damaged for that keeps both as they are. */
function intoOneFile(database: string): void {
  try {
    const db = new Database(database, { fileMustExist: true });
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  } catch {
    // It is replaced because it is damaged.
  }
}
