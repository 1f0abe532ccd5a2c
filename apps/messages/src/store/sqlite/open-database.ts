import type { Logger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { lockFile, lockOf, type FileLock } from './files/lock-file';
import { followLinks } from './files/parts';
import { replayPlaces } from './places';
import { makeCompact } from './schema/compaction';
import { bringUpToDate } from './schema/steps';

/** A wait for a lock blocks the event loop; the only other users of the file are backups, which hold it briefly. */
const LOCK_WAIT_MS = 50;

export interface OpenDatabase {
  db: BetterSqlite3.Database;
  /** The database file, beside which SQLite has its log. */
  path: string;
  /** Its descriptor. */
  fd: number;
  close(): void;
}

/** Opens a database for the one process that writes to it, and brings its schema up to date, which may take minutes. */
export async function openDatabase(link: string, log: Logger): Promise<OpenDatabase> {
  mkdirSync(dirname(link), { recursive: true, mode: 0o700 });
  const path = followLinks(link);
  const lock = lockStore(path);
  const closers: (() => unknown)[] = [() => lock.release()];
  function close(): void {
    for (const each of closers.splice(0).reverse()) each();
  }
  try {
    refuseEmpty(path);
    // -wal and -shm take over the mode of the database file.
    ownerOnly(path);
    await makeCompact(path, { log });
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
    // What savepoints keep for their undoing has texts too, and would go to a file beyond 64 KiB.
    db.pragma('temp_store = MEMORY');
    // With a thousand conversations that are busy each commit changes other pages. A cache that holds them reads fewer,
    // and of a log of 32 MB a page that changed several times is copied back once. docs/scaling.md
    db.pragma(`cache_size = ${-64 * 1024}`);
    db.pragma('wal_autocheckpoint = 8000');
    db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
    bringUpToDate(db, path);
    replayPlaces(db);
    return { db, path, fd, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A store that was lost is to be restored; SQLite would make an empty one and remove what its log still has. */
function refuseEmpty(path: string): void {
  if (existsSync(path) || !existsSync(`${path}-wal`)) return;
  throw new Error(
    `${path} is missing, and its write-ahead log is there: restore a backup, or remove the log to begin anew`,
  );
}

/**
 * Keeps a second writer out for as long as the process lives. On a file beside the database, so that readers (backup,
 * sqlite3) still get at it, which `locking_mode = EXCLUSIVE` would forbid.
 */
function lockStore(path: string): FileLock {
  ownerOnly(lockOf(path));
  return lockFile(
    lockOf(path),
    `${path} is in use by another process: a SQLite store has exactly one`,
  );
}

function ownerOnly(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
