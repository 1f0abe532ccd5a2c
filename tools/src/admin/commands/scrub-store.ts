import { UsageError } from '../../command-line';
import { defineCommand } from '../command';
import { withFiles } from '../doctor/with-files';
import { runOnDatabase } from '../messages-program';

interface Scrubbed {
  tables: Record<string, { before: number; after: number }>;
  kept: number;
  is_log_switched: boolean;
}

const MIB = 2 ** 20;

export const scrubStore = defineCommand({
  usage: '[--in postgres://…] --yes',
  summary:
    'Removes deleted texts from the files of PostgreSQL: VACUUM FULL, while which nobody sends or reads.',
  takes: 0,
  options: { in: { type: 'string' }, yes: { type: 'boolean' } },
  async run({ values }, context) {
    const url = values.in ?? withFiles(context.env)['DATABASE_URL'];
    if (!url) throw new UsageError('--in, DATABASE_URL or DATABASE_URL_FILE names the database');
    if (!values.yes) throw new UsageError('sends and reads wait meanwhile: say --yes');
    const done = await runOnDatabase<Scrubbed>('scrub-store', [], {
      ...{ url, failed: 'it was not done', context },
    });
    const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
    context.print(done, [
      ...Object.entries(done.tables).map(
        ([name, { before, after }]) => `${name}: ${mebibytes(before)}, now ${mebibytes(after)}`,
      ),
      done.kept === 0
        ? 'what was deleted is in none of these files any more'
        : `${done.kept} old rows remain, which an open transaction may see: end it, and do it again`,
      done.is_log_switched
        ? 'segments of the write-ahead log go with the next checkpoints'
        : 'the role may not end the segment of the write-ahead log; as a superuser: SELECT pg_switch_wal(); CHECKPOINT',
    ]);
  },
});
