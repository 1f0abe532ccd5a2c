import { UsageError } from '../../command-line';
import { AdminError } from '../admin-error';
import { listBackups } from '../backup/backup-files';
import { restoreBackup } from '../backup/restore-backup';
import { defineCommand } from '../command';

export const restore = defineCommand({
  usage: '(<backup-file> | --latest FOLDER) [--db FILE]',
  summary:
    'Puts a backup in the place of the store, while messages is stopped; the old store is kept.',
  takes: [0, 1],
  options: { latest: { type: 'string' }, db: { type: 'string' } },
  async run({ args: [named], values: { latest, db } }, around) {
    const database = around.databaseFile(db);
    const pathOf = (typed?: string) => (typed === undefined ? undefined : around.path(typed));
    const restored = restoreBackup(chosen(pathOf(named), pathOf(latest)), database);
    around.print(restored, [
      `restored ${restored.backup}: ${restored.events} events, to ${restored.database}`,
      ...(restored.previous === null ? [] : [`what was there before is ${restored.previous}`]),
      'start messages: clients see a new log and reload',
    ]);
  },
});

function chosen(named: string | undefined, folder: string | undefined): string {
  if ((named === undefined) === (folder === undefined)) {
    throw new UsageError('name a backup, or --latest and the folder of the backups');
  }
  const [newest] = folder === undefined ? [named] : listBackups(folder);
  if (newest === undefined) throw new AdminError(`there is no backup in ${folder}`);
  return newest;
}
