import type { Pool, PoolClient } from 'pg';
import { PLACE, TIMELINE } from '../store/postgres/log-identity';
import { SCRUBBED_AT } from '../store/postgres/scrub';

/** What a server says of itself, and of the database. */
export interface InspectedDatabase {
  version: string;
  version_number: number;
  encoding: string;
  is_standby: boolean;
  is_read_only: boolean;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  synchronous_standby_names: string;
  max_connections: number;
  reserved_connections: number;
  /** Of clients, in all databases; without ours. */
  other_connections: number;
  own_connections: number;
  /** Of the role and of the database; -1: none. */
  role_limit: number;
  database_limit: number;
  autovacuum: string;
  archive_mode: string;
  archive_failing: boolean;
  archived_s: number | null;
  database_bytes: number;
  /** Transactions until identifiers come round. */
  frozen_age: number;
  /** Since the oldest transaction with writes of its own began, as far as this role may see; null: there is none. */
  oldest_writer_s: number | null;
  /** Transactions begun since the oldest that writes. */
  behind: number;
  prepared: number;
  idle_slots: string | null;
  slot_bytes: number;
  now: Date;
}

/** pg_stat_activity tells of other roles' transactions only who may read statistics (pg_monitor). */
const INSPECT = `SELECT current_setting('server_version') AS version,
  current_setting('server_version_num')::int AS version_number,
  current_setting('server_encoding') AS encoding,
  pg_is_in_recovery() AS is_standby,
  current_setting('default_transaction_read_only') = 'on' AS is_read_only,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('synchronous_standby_names') AS synchronous_standby_names,
  current_setting('max_connections')::int AS max_connections,
  current_setting('superuser_reserved_connections')::int AS reserved_connections,
  (SELECT count(*)::int FROM pg_stat_activity WHERE usesysid IS NOT NULL AND NOT (${own('usename')})) AS other_connections,
  (SELECT count(*)::int FROM pg_stat_activity WHERE ${own('usename')}) AS own_connections,
  (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
  (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit,
  current_setting('autovacuum') AS autovacuum,
  current_setting('archive_mode') AS archive_mode,
  (SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver) AS archive_failing,
  (SELECT extract(epoch FROM now() - last_archived_time)::float8 FROM pg_stat_archiver) AS archived_s,
  pg_database_size(current_database())::bigint AS database_bytes,
  (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()) AS frozen_age,
  (SELECT extract(epoch FROM now() - min(xact_start))::float8 FROM pg_stat_activity
    WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()) AS oldest_writer_s,
  (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS behind,
  (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared,
  (SELECT string_agg(slot_name, ', ') FROM pg_replication_slots WHERE NOT active) AS idle_slots,
  (SELECT coalesce(max(CASE WHEN pg_is_in_recovery() THEN 0
     ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END), 0)::bigint FROM pg_replication_slots WHERE NOT active) AS slot_bytes,
  clock_timestamp() AS now`;

function own(role: string): string {
  return `${role} = current_user AND datname = current_database()`;
}

export async function inspectDatabase(client: PoolClient): Promise<InspectedDatabase> {
  const { rows } = await client.query<InspectedDatabase>(INSPECT);
  const [found] = rows;
  if (!found) throw new Error('the server says nothing of itself');
  return found;
}

export interface InspectedLog {
  schema: number;
  same_timeline: boolean;
  same_place: boolean;
  /** When all that had been deleted was out of the tables' files last; null: never. */
  scrubbed_at: string | null;
}

/** Of the primary; undefined: messages has not made its tables here. */
export async function inspectLog(client: PoolClient): Promise<InspectedLog | undefined> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('meta') IS NOT NULL AS there`,
  );
  if (rows[0]?.there !== true) return undefined;
  const found = await client.query<InspectedLog>(
    `SELECT (SELECT value FROM meta WHERE key = 'schema')::int AS schema,
       coalesce((SELECT value FROM meta WHERE key = 'timeline') = ${TIMELINE}, true) AS same_timeline,
       coalesce((SELECT value FROM meta WHERE key = 'place') = ${PLACE}, true) AS same_place,
       (SELECT value FROM meta WHERE key = '${SCRUBBED_AT}') AS scrubbed_at`,
  );
  return found.rows[0];
}

export interface InspectedTable {
  name: string;
  bytes: number;
  live: number;
  dead: number;
  vacuumed_s: number | null;
}

/** The largest of them, with what vacuum has left. */
export async function inspectTables(client: PoolClient): Promise<InspectedTable[]> {
  const { rows } = await client.query<InspectedTable>(
    `SELECT relname AS name, pg_total_relation_size(relid)::bigint AS bytes, n_live_tup AS live, n_dead_tup AS dead,
       extract(epoch FROM now() - greatest(last_vacuum, last_autovacuum))::float8 AS vacuumed_s
     FROM pg_stat_user_tables WHERE schemaname = current_schema() ORDER BY pg_total_relation_size(relid) DESC`,
  );
  return rows;
}

/**
 * Whether a pooler stands between, and what it gives to a client: `transaction`: another client gets the connection
 * that the first one used a moment ago; `session`: it is kept. The pid that a pooler says at the start is none of the
 * server's.
 */
export async function inspectPooling(pool: Pool): Promise<'none' | 'transaction' | 'session'> {
  const first = await pool.connect();
  try {
    const used = await pidOf(first);
    if ((first as unknown as { processID: number }).processID === used) return 'none';
    const second = await pool.connect();
    try {
      return (await pidOf(second)) === used ? 'transaction' : 'session';
    } finally {
      second.release();
    }
  } finally {
    first.release();
  }
}

async function pidOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}
