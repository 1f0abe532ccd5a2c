import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { AdminError } from '../admin-error';
import { backupName } from './backup-files';
import { restoreBackup } from './restore-backup';
import { openStoreFile } from './store-file';
import { syncPath } from './sync-path';

export interface TakenBackup {
  file: string;
  bytes: number;
  events: number;
  schema_version: number;
}

/**
 * A consistent copy of a store that may be in use, verified by restoring it. Only a backup that was verified gets its
 * name: whatever is called like one can be relied upon.
 */
export async function takeBackup(database: string, folder: string): Promise<TakenBackup> {
  if (!existsSync(database)) throw new AdminError(`there is no store at ${database}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(folder, '.backup-'));
  try {
    const copy = join(work, 'copy.db');
    await copyOnline(database, copy);
    const { events, schema_version } = restoreBackup(copy, join(work, 'restored.db'));
    const file = join(folder, backupName(new Date()));
    renameSync(copy, file);
    syncPath(folder);
    return { file, bytes: statSync(file).size, events, schema_version };
  } finally {
    rmSync(work, { recursive: true, force: true });
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
