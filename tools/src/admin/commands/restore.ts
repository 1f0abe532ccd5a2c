import { restoreBackup } from '../backup/restore-backup';
import { defineCommand } from '../command';

export const restore = defineCommand({
  usage: '<backup-file> [--db FILE]',
  summary:
    'Puts a backup in the place of the store, while messages is stopped; the old store is kept.',
  takes: 1,
  options: { db: { type: 'string' } },
  async run({ args: [file = ''], values }, around) {
    const restored = restoreBackup(file, around.database(values.db));
    around.print(restored, [
      `restored ${restored.events} events to ${restored.database}`,
      ...(restored.previous === null ? [] : [`the store before is ${restored.previous}`]),
      'start messages: clients see a new log and reload',
    ]);
  },
});
