import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { lockOf } from '../files/lock-file';
import { followLinks } from '../files/parts';
import { leaveToOwner } from './leave-to-owner';

/** Left beside the store by each backup; the age of the last one is told from the time of this file. */
const stampOf = (database: string): string => `${database}.last-backup`;

/** @param taken what the backup is, for people who look into the file */
export function stampBackup(path: string, taken: { file: string }): void {
  const database = followLinks(path);
  const stamp = stampOf(database);
  const fresh = `${stamp}.new`;
  try {
    writeFileSync(fresh, `${JSON.stringify(taken)}\n`, { mode: 0o600, flush: true });
    leaveToOwner(database, [fresh]);
    renameSync(fresh, stamp);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(`${taken.file} is complete, but not stamped: ${reason}`, { cause });
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** When the last backup was taken, null without one; and since when there is something to back up. */
export interface BackupTimes {
  last: Date | null;
  /** null without a store. */
  store: Date | null;
}

export function backupTimes(path: string): BackupTimes {
  const database = followLinks(path);
  const timeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtime ?? null;
  // The lock is made with the store, and nothing is ever written into it.
  return { last: timeOf(stampOf(database)), store: timeOf(lockOf(database)) };
}
