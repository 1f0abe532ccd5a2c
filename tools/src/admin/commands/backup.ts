import { AdminError } from '../admin-error';
import { pruneBackups } from '../backup/prune-backups';
import { takeBackup } from '../backup/take-backup';
import { defineCommand } from '../command';

export const backup = defineCommand({
  usage: '--to FOLDER [--keep N] [--db FILE]',
  summary:
    'Backs up the store while it is in use, verifies the backup by restoring it, and keeps the newest N.',
  takes: 0,
  options: { to: { type: 'string' }, keep: { type: 'string' }, db: { type: 'string' } },
  async run({ values: { to, keep, db } }, around) {
    if (to === undefined) throw new AdminError('--to names the folder of the backups', 2);
    if (keep !== undefined && !/^[1-9]\d{0,3}$/.test(keep)) {
      throw new AdminError(`--keep takes a number of backups, not "${keep}"`, 2);
    }
    const taken = await takeBackup(around.database(db), to);
    const pruned = keep === undefined ? [] : pruneBackups(to, Number(keep));
    around.print({ ...taken, pruned }, [
      `${taken.file}: ${taken.bytes} bytes, ${taken.events} events, verified`,
      ...pruned.map((file) => `removed ${file}`),
    ]);
  },
});
