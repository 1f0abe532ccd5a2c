import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const FORM = /^messages-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.db$/;

/** Names sort by time. */
export function backupName(at: Date): string {
  return `messages-${at.toISOString().replace(/[:.]/g, '-')}.db`;
}

/** By its name: a copy of a file has a time of its own. */
export function takenAt(backup: string): Date {
  return new Date(basename(backup).replace(FORM, '$1T$2:$3:$4.$5Z'));
}

/** The backups in a folder, newest first; other files are none of ours. */
export function listBackups(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => FORM.test(name))
    .toSorted()
    .reverse()
    .map((name) => join(folder, name));
}

/** @throws Error when there is none */
export function newestBackup(folder: string): string {
  const [newest] = listBackups(folder);
  if (newest === undefined) throw new Error(`there is no backup in ${folder}`);
  return newest;
}
