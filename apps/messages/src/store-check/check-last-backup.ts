import { fail, warn, type Finding } from '@agent-messenger/service-kit';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { backupTimes } from '../store/sqlite/backup/last-backup';
import { BACKUP_ADVICE, hoursSince, judgeAge, MAX_BACKUP_AGE_H } from './check-backups';

/** What is known of backups beside the store, wherever they are. */
export function checkLastBackup(database: string): Finding[] {
  // That is said of the store already.
  if (!existsSync(dirname(database))) return [];
  const { last, store } = backupTimes(database);
  if (last !== null) {
    const hours = hoursSince(last);
    return [judgeAge('last backup', hours, `${Math.round(hours)} h ago`)];
  }
  if (store === null) return [];
  return [
    hoursSince(store) <= MAX_BACKUP_AGE_H
      ? warn('last backup', 'none yet', BACKUP_ADVICE)
      : fail('last backup', 'none', BACKUP_ADVICE),
  ];
}
