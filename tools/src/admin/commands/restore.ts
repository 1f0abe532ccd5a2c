import { UsageError } from '../../command-line';
import { defineCommand } from '../command';
import { runMessagesProgram } from '../messages-program';

interface RestoredBackup {
  backup: string;
  database: string;
  events: number;
  previous: string | null;
}

export const restore = defineCommand({
  usage: '(<backup-file> | --latest FOLDER) [--db FILE]',
  summary:
    'Puts a backup in the place of the store, while messages is stopped; the old store is kept.',
  takes: [0, 1],
  options: { latest: { type: 'string' }, db: { type: 'string' } },
  async run({ args: [named], values: { latest, db } }, context) {
    const database = context.databaseFile(db);
    const chosen = [
      ...(named === undefined ? [] : ['--backup', context.path(named)]),
      ...(latest === undefined ? [] : ['--latest', context.path(latest)]),
    ];
    if (chosen.length !== 2) {
      throw new UsageError('name a backup, or --latest and the folder of the backups');
    }
    const args = [database, ...chosen];
    const restored = await runMessagesProgram<RestoredBackup>('restore-store', args, context);
    context.print(restored, [
      `restored ${restored.backup}: ${restored.events} events, to ${restored.database}`,
      ...(restored.previous === null ? [] : [`what was there before is ${restored.previous}`]),
      'start messages: clients see a new log and reload',
    ]);
  },
});
