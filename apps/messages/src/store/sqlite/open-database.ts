import BetterSqlite3 from 'better-sqlite3';
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { MIGRATIONS } from './migrations';

/** A wait for a lock blocks the event loop; the only other users of the file are backups, which hold it briefly. */
const LOCK_WAIT_MS = 50;

export interface OpenDatabase {
  db: BetterSqlite3.Database;
  /** Descriptor of the database file. */
  fd: number;
  close(): void;
}

/** Opens a database for the one process that writes to it, and brings its schema up to date. */
export function openDatabase(path: string): OpenDatabase {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = lockFile(path);
  const closers: (() => unknown)[] = [() => lock.close()];
  function close(): void {
    for (const each of closers.splice(0).reverse()) each();
  }
  try {
    // -wal and -shm take over the mode of the database file.
    ownerOnly(path);
    // Closed after the database: to close any descriptor of its file drops all locks that SQLite has on it.
    const fd = openSync(path, 'r+');
    closers.push(() => closeSync(fd));
    const db = new BetterSqlite3(path, { timeout: LOCK_WAIT_MS });
    closers.push(() => db.close());
    db.pragma('journal_mode = WAL');
    // The default, NORMAL, loses acknowledged messages when the power fails.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    // Without it deleted and edited texts stay in the file's free space for as long as nothing needs the room.
    db.pragma('secure_delete = ON');
    db.pragma('wal_autocheckpoint = 4000');
    db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
    migrate(db, path, MIGRATIONS);
    return { db, fd, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Keeps a second writer out for as long as the process lives: a lock that SQLite holds on an empty file of its own.
 * The kernel drops it with the process, so that a crash leaves nothing to clean up, and readers (backup, sqlite3)
 * still get at the database, which `locking_mode = EXCLUSIVE` would forbid.
 */
function lockFile(path: string): BetterSqlite3.Database {
  ownerOnly(`${path}.lock`);
  const lock = new BetterSqlite3(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new Error(`${path} is in use by another process: a SQLite store has exactly one`, {
      cause,
    });
  }
}

function ownerOnly(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}

/**
 * Runs the steps that a database has not seen, all in one transaction: an upgrade that fails leaves a database that the
 * program before it still runs on.
 */
export function migrate(
  db: BetterSqlite3.Database,
  path: string,
  migrations: readonly string[],
): void {
  db.transaction(() => {
    const version = Number(db.pragma('user_version', { simple: true }));
    if (version > migrations.length) {
      throw new Error(
        `${path} has schema version ${version}, this program knows up to ${migrations.length}: ` +
          'run the newer program, or restore a backup from before the upgrade',
      );
    }
    if (version === migrations.length) return;
    for (const step of migrations.slice(version)) db.exec(step);
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}
