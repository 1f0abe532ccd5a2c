import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../files/lock-file';
import { isThere } from '../files/parts';
import { syncPath } from '../files/sync-path';
import { backupName } from './backup-files';
import { stampBackup } from './last-backup';
import { leaveToOwner } from './leave-to-owner';
import { restoreBackup } from './restore-backup';
import { openStoreFile, type StoreFacts } from './store-facts';

export interface TakenBackup extends StoreFacts {
  file: string;
  bytes: number;
}

/**
 * A consistent copy of a store that may be in use, verified by restoring it. Only a backup that was verified gets its
 * name: whatever is called like one can be relied upon.
 */
export async function takeBackup(database: string, folder: string): Promise<TakenBackup> {
  if (!isThere(database)) throw new Error(`there is no store at ${database}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const work = join(folder, '.backup');
  const lock = lockFile(`${work}.lock`, `another backup to ${folder} is under way`);
  try {
    // Of one that was killed: twice the size of the store.
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { mode: 0o700 });
    const copy = join(work, 'copy.db');
    await copyOnline(database, copy);
    const { events, schema_version } = restoreBackup(copy, join(work, 'restored.db'));
    leaveToOwner(folder, [copy, `${work}.lock`]);
    const file = join(folder, backupName(new Date()));
    renameSync(copy, file);
    syncPath(folder);
    const taken = { file, bytes: statSync(file).size, events, schema_version };
    stampBackup(database, taken);
    return taken;
  } finally {
    rmSync(work, { recursive: true, force: true });
    lock.release();
  }
}

async function copyOnline(database: string, copy: string): Promise<void> {
  closeSync(openSync(copy, 'wx', 0o600));
  const source = openStoreFile(database, { readonly: true });
  try {
    // In one step: a copy in several begins again whenever another process has written in between, under load for ever.
    await source.backup(copy, { progress: () => 2 ** 31 - 1 });
  } finally {
    source.close();
  }
  // One file that needs no other beside it.
  const db = openStoreFile(copy);
  db.pragma('journal_mode = DELETE');
  db.close();
  syncPath(copy);
}
