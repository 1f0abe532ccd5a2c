import Database from 'better-sqlite3';
import { AdminError } from '../admin-error';

/** Held until it is released, or until its process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/**
 * A lock that SQLite holds on an empty file of its own: the one of messages is beside its store.
 * @param taken what to say when somebody else has it
 * @throws AdminError
 */
export function lockFile(file: string, taken: string): FileLock {
  const lock = open(file);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const isTaken = (cause as { code?: unknown }).code === 'SQLITE_BUSY';
    throw new AdminError(isTaken ? taken : `${file}: ${(cause as Error).message}`, { cause });
  }
  return { release: () => void lock.close() };
}

function open(file: string): Database.Database {
  try {
    return new Database(file, { timeout: 0 });
  } catch (cause) {
    throw new AdminError(`${file}: ${(cause as Error).message}`, { cause });
  }
}
