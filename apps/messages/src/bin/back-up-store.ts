import { answerOnStdout } from '../programs/answer-on-stdout';
import { pruneBackups } from '../store/sqlite/backup/prune-backups';
import { takeBackup } from '../store/sqlite/backup/take-backup';

const [database = '', folder = '', keep] = process.argv.slice(2);

/** `back-up-store FILE FOLDER [KEEP]`: a backup of the SQLite store, of which the newest remain. */
void answerOnStdout(async () => {
  const taken = await takeBackup(database, folder);
  return { ...taken, pruned: keep === undefined ? [] : pruneBackups(folder, Number(keep)) };
});
