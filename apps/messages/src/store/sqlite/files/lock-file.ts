import BetterSqlite3 from 'better-sqlite3';

/** Held until it is released, or until its process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/** What a store is locked by: a file beside it, made with it, and nothing is ever written into it. */
export const lockOf = (database: string): string => `${database}.lock`;

/**
 * A lock that SQLite holds on an empty file of its own. The kernel drops it with the process, so that a crash leaves
 * nothing to clean up.
 * @throws Error, with `taken` when somebody else has it
 */
export function lockFile(file: string, taken: string): FileLock {
  const lock = open(file);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    const isTaken = (cause as { code?: unknown }).code === 'SQLITE_BUSY';
    throw new Error(isTaken ? taken : `${file} cannot be locked: ${(cause as Error).message}`, {
      cause,
    });
  }
  return { release: () => void lock.close() };
}

function open(file: string): BetterSqlite3.Database {
  try {
    return new BetterSqlite3(file, { timeout: 0 });
  } catch (cause) {
    throw new Error(`${file} cannot be locked: ${(cause as Error).message}`, { cause });
  }
}
