import { realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What SQLite keeps beside a database, and carries out on whatever file has that name. */
export const LOGS = ['-wal', '-journal'];
/** All that belongs to a database, by how its name goes on. */
export const PARTS = ['', ...LOGS, '-shm'];

/** Throws when that cannot be told: what may not be seen is not missing. */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * The file itself, which need not exist, when the path is a link to it: under two names it would have two locks, and
 * what is beside a store is beside the file.
 */
export function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return join(realpathSync(dirname(path)), basename(path));
  }
}

export function removeDatabase(database: string): void {
  for (const part of PARTS) rmSync(database + part, { force: true });
}
