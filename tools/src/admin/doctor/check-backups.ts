import { listBackups, takenAt } from '../backup/backup-files';
import type { Finding } from './check';
import { fail, ok } from './check';

/** A day, and time to make one. */
export const MAX_BACKUP_AGE_H = 26;
export const BACKUP_ADVICE = 'look at the backup job, or: npm run admin -- backup --to FOLDER';

export const hoursSince = (time: Date): number => (Date.now() - time.getTime()) / 3_600_000;

export function checkBackups(folder: string): Finding[] {
  const [newest] = listBackups(folder);
  if (newest === undefined) return [fail('backup', `none in ${folder}`, BACKUP_ADVICE)];
  const hours = hoursSince(takenAt(newest));
  const found = `${newest}, ${Math.round(hours)} h old`;
  return [hours <= MAX_BACKUP_AGE_H ? ok('backup', found) : fail('backup', found, BACKUP_ADVICE)];
}
