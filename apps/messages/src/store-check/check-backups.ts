import { fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
import { listBackups, takenAt } from '../store/sqlite/backup/backup-files';

/** A day, and time to make one. */
export const MAX_BACKUP_AGE_H = 26;
export const BACKUP_ADVICE = 'look at the backup job, or: npm run admin -- backup --to FOLDER';

/** Clocks of two machines differ by less. */
const FUTURE_H = 0.1;

export const hoursSince = (time: Date): number => (Date.now() - time.getTime()) / 3_600_000;

export function checkBackups(folder: string): Finding[] {
  const [newest] = listBackups(folder);
  if (newest === undefined) return [fail('backup', `none in ${folder}`, BACKUP_ADVICE)];
  const hours = hoursSince(takenAt(newest));
  const found = `${newest}, ${Math.round(hours)} h old`;
  return [judgeAge('backup', hours, found)];
}

/** One of the future is as good as one of unknown age. */
export function judgeAge(what: string, hours: number, found: string): Finding {
  if (hours < -FUTURE_H) return warn(what, found, 'the clock was set back since it was taken');
  return hours <= MAX_BACKUP_AGE_H ? ok(what, found) : fail(what, found, BACKUP_ADVICE);
}
