import { parseArgs } from 'node:util';
import { answerOnStdout } from '../programs/answer-on-stdout';
import { newestBackup } from '../store/sqlite/backup/backup-files';
import { restoreBackup } from '../store/sqlite/backup/restore-backup';

const { values, positionals } = parseArgs({
  options: { backup: { type: 'string' }, latest: { type: 'string' } },
  allowPositionals: true,
});

/** `restore-store FILE (--backup BACKUP | --latest FOLDER)`: a backup in the place of the SQLite store. */
void answerOnStdout(() => {
  const [database = ''] = positionals;
  const { backup = newestBackup(values.latest ?? '') } = values;
  return restoreBackup(backup, database);
});
