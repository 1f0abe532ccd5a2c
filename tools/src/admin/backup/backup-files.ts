import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const FORM = /^messages-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.db$/;

/** Names sort by time. */
export function backupName(at: Date): string {
  return `messages-${at.toISOString().replace(/[:.]/g, '-')}.db`;
}

/** The backups in a folder, newest first; other files are none of ours. */
export function listBackups(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => FORM.test(name))
    .toSorted()
    .reverse()
    .map((name) => join(folder, name));
}
