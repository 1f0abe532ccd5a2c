import type { Logger } from '@agent-messenger/service-kit';
import type { PoolClient } from 'pg';
import { codeOf } from './driver/faults';
import { openPool } from './driver/open-pool';
import { repeatInTheWay } from './driver/repeat-in-the-way';

/** With what people write, or their names. */
const TABLES = ['log', 'conversations', 'members', 'identities'] as const;
const LOCK_TIMEOUT_MS = 2_000;
const TRIES = 30;
const NO_PRIVILEGE = '42501';
/** The key in `meta` of when all was out of the files last. */
export const SCRUBBED_AT = 'scrubbed_at';

export interface Scrubbed {
  /** Bytes of each table, with its indexes, before and after. */
  tables: Record<string, { before: number; after: number }>;
  /** Old versions of rows that remain because a transaction that is open yet may see them. */
  kept: number;
  /** Whether what was written last is in a segment of the write-ahead log that is not written to any more. */
  is_log_switched: boolean;
}

/**
 * Writes the tables with texts anew, so that what was deleted is in no file of theirs, and ends the segment of the
 * write-ahead log. Nobody sends or reads while a table is written; it needs the table's size once more on the disk.
 * Throws when somebody keeps a lock.
 */
export async function scrubDatabase(
  url: string,
  { log, say, tries = TRIES }: { log: Logger; say: (line: string) => void; tries?: number },
): Promise<Scrubbed> {
  const pool = openPool({ url, connections: 1, log, answerTimeoutMs: 0 });
  try {
    const client = await pool.connect();
    try {
      return await scrub(client, { log, say, tries });
    } finally {
      // What is set for it is of no use to anybody else.
      client.release(true);
    }
  } finally {
    await pool.end();
  }
}

async function scrub(
  client: PoolClient,
  { log, say, tries }: { log: Logger; say: (line: string) => void; tries: number },
): Promise<Scrubbed> {
  let kept = 0;
  // `123 dead row versions cannot be removed yet`, in the server's language.
  client.on('notice', ({ detail }) => (kept += Number.parseInt(detail ?? '', 10) || 0));
  await client.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query('SET statement_timeout = 0');
  const tables: Scrubbed['tables'] = {};
  for (const table of TABLES) {
    say(`${table} …`);
    const before = await sizeOf(client, table);
    await repeatInTheWay(() => client.query(`VACUUM (FULL, VERBOSE) ${table}`), {
      ...{ client, log, tries, what: `the vacuum of ${table}` },
    });
    tables[table] = { before, after: await sizeOf(client, table) };
  }
  const is_log_switched = await switchLog(client);
  if (kept === 0) {
    await client.query(
      `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [SCRUBBED_AT, new Date().toISOString()],
    );
  }
  return { tables, kept, is_log_switched };
}

/** Whether the role may. */
async function switchLog(client: PoolClient): Promise<boolean> {
  try {
    await client.query('SELECT pg_switch_wal()');
    await client.query('CHECKPOINT');
    return true;
  } catch (error) {
    if (codeOf(error) !== NO_PRIVILEGE) throw error;
    return false;
  }
}

async function sizeOf(client: PoolClient, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT pg_total_relation_size($1::regclass) AS bytes`,
    [table],
  );
  return Number(rows[0]?.bytes ?? 0);
}
