import { setTimeout as delay } from 'node:timers/promises';
import { UsageError, wholeNumber } from '../../command-line';
import { defineCommand } from '../command';
import { runMessagesProgram } from '../messages-program';
import type { AdminContext } from '../admin-context';

interface TakenBackup {
  file: string;
  bytes: number;
  events: number;
  pruned: string[];
}

const HOUR_MS = 3_600_000;
/** 20 days: timers go no further than 24. */
const MOST_HOURS = 480;

export const backup = defineCommand({
  usage: '--to FOLDER [--keep N] [--every HOURS] [--db FILE]',
  summary:
    'Backs up the store while it is in use, verifies the backup by restoring it, keeps the newest N; with --every again and again.',
  takes: 0,
  options: {
    to: { type: 'string' },
    keep: { type: 'string' },
    every: { type: 'string' },
    db: { type: 'string' },
  },
  async run({ values: { to, keep, every, db } }, context) {
    if (to === undefined) throw new UsageError('--to names the folder of the backups');
    const work = {
      to: context.path(to),
      keep: keep === undefined ? undefined : wholeNumber('--keep', keep, 9_999),
      database: context.databaseFile(db),
    };
    if (every === undefined) return once(work, context);
    const pauseMs = wholeNumber('--every', every, MOST_HOURS) * HOUR_MS;
    for (;;) {
      // The next one may succeed; meanwhile the age of the last one tells.
      await once(work, context).catch((error: unknown) =>
        context.warn(`backup failed: ${error instanceof Error ? error.message : String(error)}`),
      );
      await delay(pauseMs);
    }
  },
});

async function once(
  { to, keep, database }: { to: string; keep: number | undefined; database: string },
  context: AdminContext,
): Promise<void> {
  const args = [database, to, ...(keep === undefined ? [] : [`${keep}`])];
  const taken = await runMessagesProgram<TakenBackup>('back-up-store', args, context);
  context.print(taken, [
    `${taken.file}: ${taken.bytes} bytes, ${taken.events} events, verified`,
    ...taken.pruned.map((file) => `removed ${file}`),
  ]);
}
