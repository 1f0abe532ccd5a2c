import { fail, ok, warn, type Finding } from '@agent-messenger/service-kit';
import type { InspectedDatabase, InspectedTable } from './inspected-database';

/** Autovacuum begins at a fifth, and 50 rows; with twice as much it does not keep up, or does not run. */
const DEAD_RATIO = 0.4;
const DEAD_ROWS = 10_000;
/** Autovacuum freezes from 200 million on whatever is in its way; at 2 billion the server stops to write. */
const FROZEN_AGE = 1_000_000_000;
/** No transaction of messages lives longer than 20 s. */
const OLD_TRANSACTION_S = 60;

export function vacuumFindings(
  found: InspectedDatabase,
  tables: readonly InspectedTable[],
): Finding[] {
  const bloated = tables.filter(
    ({ live, dead }) => dead > DEAD_ROWS && dead > DEAD_RATIO * (live + dead),
  );
  return [
    found.autovacuum === 'on'
      ? ok('PostgreSQL autovacuum', 'on')
      : fail(
          'PostgreSQL autovacuum',
          'off: tables only grow, and deleted texts stay in them',
          'autovacuum = on',
        ),
    ...bloated.map(({ name, live, dead }) =>
      warn(
        `PostgreSQL table ${name}`,
        `${dead} dead rows beside ${live}`,
        `VACUUM ${name}; when they stay, an old transaction or replication slot keeps them`,
      ),
    ),
    ...(bloated.length === 0 ? [ok('PostgreSQL tables', sizesOf(tables))] : []),
    ...(found.frozen_age > FROZEN_AGE
      ? [
          fail(
            'PostgreSQL transaction ids',
            `${found.frozen_age} since the last were frozen`,
            'VACUUM FREEZE, and look for what holds autovacuum up: near 2 billion nothing can be written',
          ),
        ]
      : []),
  ];
}

function sizesOf(tables: readonly InspectedTable[]): string {
  const largest = tables.slice(0, 3);
  const sizes = largest.map(({ name, bytes }) => `${name} ${Math.round(bytes / 2 ** 20)} MiB`);
  return sizes.join(', ') || 'none yet';
}

/** Sync tokens are not newer than the oldest transaction that writes, in any database of the server. */
export function horizonFinding(found: InspectedDatabase): Finding {
  const what = 'PostgreSQL oldest transaction';
  const { oldest_writer_s: seconds, behind, prepared } = found;
  const advice =
    'end it (pg_stat_activity, pg_prepared_xacts): clients are told everything since it again and again, and vacuum frees nothing';
  if (prepared > 0) return warn(what, `${prepared} prepared transactions wait`, advice);
  if (seconds !== null && seconds > OLD_TRANSACTION_S) {
    return warn(what, `${Math.round(seconds)} s old, ${behind} others since`, advice);
  }
  return ok(what, seconds === null ? 'none' : `${Math.round(seconds)} s old`);
}
