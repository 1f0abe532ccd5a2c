import type { Logger } from '@agent-messenger/service-kit';
import type { Pool, PoolClient } from 'pg';
import { repeatInTheWay } from '../driver/repeat-in-the-way';
import { UNHURRIED } from '../driver/open-pool';
import { LISTINGS } from './listings';
import { NO_SAMPLES } from './samples';
import { TABLES } from './tables';

/**
 * One after the other, each in a transaction of its own. Replicas of two versions work side by side during an upgrade:
 * a migration adds, and what nobody uses any more is removed by a later version.
 */
const MIGRATIONS: readonly string[] = [TABLES, LISTINGS, NO_SAMPLES];

/** Two that make the same table at once: one of them finds it only half made. */
const MAKING_AT_ONCE = /^(23505|42P07|42710)$/;
/** With the pauses between them more than a minute. */
const TRIES = 60;
/** While it waits for a table, everybody who wants to use that table waits behind it. */
const LOCK_TIMEOUT_MS = 1_000;

interface MigrateOptions {
  log: Logger;
  migrations?: readonly string[];
  /** Of each migration, when others are in its way. */
  tries?: number;
}

/**
 * Brings the schema to this version, once, however many replicas start: the lock is the row with its version. A
 * migration that meets a deadlock, or a lock that somebody keeps (a dump of the database has one on every table), is
 * undone and repeated. Throws when it still met one at the last try.
 */
export async function migrate(
  pool: Pool,
  { log, migrations = MIGRATIONS, tries = TRIES }: MigrateOptions,
): Promise<void> {
  const client = await pool.connect();
  const repeated = <T>(work: () => Promise<T>) =>
    repeatInTheWay(work, { client, log, tries, also: MAKING_AT_ONCE, what: 'the migration' });
  try {
    await checkServer(client);
    await repeated(() => makeMeta(client));
    while (await repeated(() => migrateOnce(client, migrations)));
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function checkServer(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
  );
  const { version = 0, encoding = '' } = rows[0] ?? {};
  if (version < 130_000) throw new Error('The database needs PostgreSQL 13 or later.');
  if (encoding !== 'UTF8') {
    throw new Error(`The database has the encoding ${encoding}; it needs UTF8.`);
  }
}

async function makeMeta(client: PoolClient): Promise<void> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS meta (key text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL)`,
  );
  await client.query(`INSERT INTO meta (key, value) VALUES ('schema', '0') ON CONFLICT DO NOTHING`);
}

/** True when there may be more to do. */
async function migrateOnce(client: PoolClient, migrations: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ value: string }>(
    `SELECT value FROM meta WHERE key = 'schema'`,
  );
  // An older program beside a newer one, during an upgrade or back from it, finds what it knows.
  if (Number(rows[0]?.value) >= migrations.length) return false;
  await client.query('BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0');
  // Until another replica's migration has ended.
  const locked = await client.query<{ value: string }>({
    text: `SELECT value FROM meta WHERE key = 'schema' FOR UPDATE`,
    ...UNHURRIED,
  });
  const version = Number(locked.rows[0]?.value);
  const sql = migrations[version];
  if (sql !== undefined) {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await client.query({ text: sql, ...UNHURRIED });
    await client.query(`UPDATE meta SET value = $1 WHERE key = 'schema'`, [String(version + 1)]);
  }
  await client.query('COMMIT');
  return true;
}
