import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { AdminError } from '../admin-error';
import { leaveToOwner } from './leave-to-owner';
import { followLinks } from './store-file';

/** Left beside the store by each backup; messages tells the age of its last one from the time of this file. */
const suffix = '.last-backup';

/**
 * @param taken what the backup is, for people who look into the file
 * @throws AdminError
 */
export function stampBackup(path: string, taken: { file: string }): void {
  const database = followLinks(path);
  const fresh = `${database}${suffix}.new`;
  try {
    writeFileSync(fresh, `${JSON.stringify(taken)}\n`, { mode: 0o600, flush: true });
    leaveToOwner(database, [fresh]);
    renameSync(fresh, database + suffix);
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new AdminError(`${taken.file} is complete, but not stamped: ${reason}`, { cause });
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
  return { last: timeOf(database + suffix), store: timeOf(`${database}.lock`) };
}
