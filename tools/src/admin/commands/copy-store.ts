import { existsSync } from 'node:fs';
import { UsageError } from '../../command-line';
import { AdminError } from '../admin-error';
import { defineCommand } from '../command';
import { runOnDatabase } from '../messages-program';
import { withFiles } from '../doctor/with-files';

interface Copied {
  tables: Record<string, number>;
  log_id: string;
}

export const copyStore = defineCommand({
  usage: '[--from FILE] --to postgres://…',
  summary:
    'Copies the SQLite store into an empty PostgreSQL database, while messages is stopped, and compares all of it.',
  takes: 0,
  options: { from: { type: 'string' }, to: { type: 'string' } },
  async run({ values }, context) {
    // From a file as services take it, so that no listing of processes shows the password.
    const to = values.to ?? withFiles(context.env)['DATABASE_URL'];
    if (!to) throw new UsageError('--to, DATABASE_URL or DATABASE_URL_FILE names the database');
    const database = context.database(values.from);
    if (!existsSync(database))
      throw new AdminError(`${database} does not exist: --from names the file`);
    const { tables, log_id } = await runOnDatabase<Copied>('copy-store', [database], {
      ...{ url: to, failed: 'nothing was copied', context },
    });
    const count = (table: string): number => tables[table] ?? 0;
    context.print({ tables, log_id }, [
      `copied and compared: ${count('identities')} identities, ${count('conversations')} conversations, ${count('log')} events`,
      'start messages with DATABASE_URL in the place of DB_PATH: clients see a new log and reload',
      `${database} is as it was`,
    ]);
  },
});
