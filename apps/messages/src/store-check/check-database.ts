import { fail, ok, warn, type Finding, type Logger } from '@agent-messenger/service-kit';
import type { Pool, PoolClient } from 'pg';
import { openPool } from '../store/postgres/driver/open-pool';
import { databaseProblem, messageOf, placeOf } from './database-problem';
import {
  inspectDatabase,
  inspectLog,
  inspectPooling,
  inspectTables,
  type InspectedDatabase,
} from './inspected-database';
import { archiveFinding, connectionFindings, diskFindings, poolingFinding } from './room-findings';
import { clockFinding, durabilityFindings, serverFindings } from './server-findings';
import { horizonFinding, vacuumFindings } from './vacuum-findings';

export interface DatabaseCheck {
  url: string;
  replication: 'asynchronous' | 'synchronous';
  /** Of each replica of messages. */
  connections: number;
  replicas: number;
  log: Logger;
}

/** Longer than a commit that waits for a standby takes. */
const COMMIT_MS = 5_000;

/** Looks at the PostgreSQL of DATABASE_URL as messages would use it; changes nothing. */
export async function checkDatabase(options: DatabaseCheck): Promise<Finding[]> {
  // Two: whether a pooler shares connections is seen with two of them.
  const pool = openPool({ url: options.url, connections: 2, log: options.log });
  try {
    const client = await pool.connect();
    let found: InspectedDatabase;
    let findings: Finding[];
    try {
      const before = Date.now();
      found = await inspectDatabase(client);
      const clock = clockFinding(found, { before, after: Date.now() });
      findings = await findingsOf(client, found, options, clock);
    } finally {
      client.release();
    }
    const pooling = await inspectPooling(pool);
    const { connections, replicas } = options;
    return [
      ok('PostgreSQL', placeOf(options.url)),
      ...findings,
      ...(found.is_standby ? [] : [await commitFinding(pool)]),
      poolingFinding(pooling),
      ...connectionFindings(found, { pool: connections, replicas, pooling }),
    ];
  } catch (error) {
    const { found, advice } = databaseProblem(options.url, error);
    return [fail('PostgreSQL', found, advice)];
  } finally {
    await pool.end();
  }
}

async function findingsOf(
  client: PoolClient,
  found: InspectedDatabase,
  { replication }: DatabaseCheck,
  clock: Finding,
): Promise<Finding[]> {
  const tables = await inspectTables(client);
  return [
    ...serverFindings(found),
    ...durabilityFindings(found, replication),
    ...(found.is_standby ? [] : await logFindings(client)),
    ...diskFindings(found),
    ...vacuumFindings(found, tables),
    ...(found.is_standby ? [] : [horizonFinding(found), archiveFinding(found)]),
    clock,
  ];
}

async function logFindings(client: PoolClient): Promise<Finding[]> {
  const what = 'PostgreSQL log';
  const log = await inspectLog(client);
  if (!log) return [warn(what, 'no tables', 'messages makes them when it starts')];
  const scrubbed = ok(
    'PostgreSQL deleted texts',
    log.scrubbed_at === null
      ? 'never removed from the files by admin scrub-store'
      : `removed from the files at ${log.scrubbed_at}`,
  );
  if (log.same_timeline && log.same_place) return [ok(what, `schema ${log.schema}`), scrubbed];
  const found = log.same_place
    ? 'the server is on another timeline: a failover, or a restore to an earlier moment'
    : 'the tables come from another server or database';
  const advice =
    'nothing, when that was meant: messages gives the log another log_id, and clients reload';
  return [warn(what, found, advice), scrubbed];
}

/** A commit, as the health of messages is asked for: in the log of writes, and in no table. */
async function commitFinding(pool: Pool): Promise<Finding> {
  const what = 'PostgreSQL commit';
  const client = await pool.connect();
  let late: NodeJS.Timeout | undefined;
  try {
    const before = performance.now();
    const note = `BEGIN; SET LOCAL synchronous_commit = on;
      SELECT pg_logical_emit_message(true, 'agent-messenger', 'check'); COMMIT`;
    const committed = client.query(note).then(() => true);
    const timeout = new Promise<false>((resolve) => {
      late = setTimeout(() => resolve(false), COMMIT_MS);
    });
    const isDone = await Promise.race([committed, timeout]);
    committed.catch(() => undefined);
    client.release(!isDone);
    return isDone
      ? ok(what, `${Math.round(performance.now() - before)} ms`)
      : fail(
          what,
          `not answered within ${COMMIT_MS / 1_000} s`,
          'a standby of synchronous_standby_names is not connected, or the disk does not write: see pg_stat_replication, and the log of PostgreSQL',
        );
  } catch (error) {
    client.release(true);
    return fail(what, messageOf(error), 'see the log of PostgreSQL: a full disk, or no privilege');
  } finally {
    clearTimeout(late);
  }
}
