import type { Logger } from '@agent-messenger/service-kit';
import type { Database } from 'better-sqlite3';
import { createHash, randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import { openPool } from '../postgres/driver/open-pool';
import { toParameter, type Value } from '../postgres/driver/value-types';
import { migrate } from '../postgres/schema/migrate';
import { openDatabase } from '../sqlite/open-database';
import type { Consumer } from '../store';
import { COPIED_TABLES, type CopiedTable, type SourceRow } from './copied-tables';

const CONSUMERS: readonly Consumer[] = ['relay', 'push', 'unseen'];
/** Rows of one statement. */
const AT_ONCE = 500;

export interface CopiedStore {
  /** Rows by table. */
  tables: Record<string, number>;
  /** Of the copy; clients that have another one drop their positions and reload. */
  log_id: string;
}

interface Tally {
  rows: number;
  /** SHA-256 of all rows, in the order of their key. */
  digest: string;
}

/**
 * Copies a SQLite store that no process has open into an empty PostgreSQL database, in one transaction: it is there
 * whole, or nothing of it is. Everything is read back and compared before the commit: counts and digests of all tables,
 * and that each log ends where its conversation says. Throws when something differs, and when the database has a store
 * already.
 */
export async function copyStore(
  { from, to }: { from: string; to: string },
  { log, say }: { log: Logger; say: (line: string) => void },
): Promise<CopiedStore> {
  const source = await openDatabase(from, log);
  const pool = openPool({ url: to, connections: 1, log, answerTimeoutMs: 0 });
  try {
    await migrate(pool, { log });
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const copied = await copyAll(source.db, client, say);
      await client.query('COMMIT');
      client.release();
      return copied;
    } catch (error) {
      client.release(true);
      throw error;
    }
  } finally {
    source.close();
    await pool.end();
  }
}

async function copyAll(
  db: Database,
  client: PoolClient,
  say: (line: string) => void,
): Promise<CopiedStore> {
  await refuseUsed(client);
  const tables: Record<string, number> = {};
  for (const table of COPIED_TABLES) {
    say(`${table.name} …`);
    const written = await copyTable(db, client, table);
    const kept = await readBack(client, table);
    if (written.rows !== kept.rows || written.digest !== kept.digest) {
      throw new Error(
        `${table.name} is not the same: ${written.rows} rows, ${kept.rows} in the copy`,
      );
    }
    tables[table.name] = written.rows;
  }
  await checkEnds(client);
  for (const consumer of CONSUMERS) await copyBacklog(db, client, consumer);
  return { tables, log_id: await setIdentity(db, client) };
}

async function refuseUsed(client: PoolClient): Promise<void> {
  // Nobody begins to use it meanwhile.
  await client.query('LOCK TABLE identities IN EXCLUSIVE MODE');
  const { rowCount } = await client.query('SELECT 1 FROM identities LIMIT 1');
  if (rowCount) throw new Error('The database has a store already: it has to be empty.');
}

async function copyTable(db: Database, client: PoolClient, table: CopiedTable): Promise<Tally> {
  const { name, columns, select, sequence } = table;
  const hash = createHash('sha256');
  let rows = 0;
  let waiting: Value[][] = [];
  const names = columns.map((column) => column.name).join(', ');
  const lists = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ');
  const insert = `INSERT INTO ${name} (${names}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${lists})`;
  async function flush(): Promise<void> {
    const lists = columns.map((_, index) => waiting.map((row) => toParameter(row[index] ?? null)));
    if (waiting.length > 0) await client.query(insert, lists);
    rows += waiting.length;
    waiting = [];
  }
  for (const row of db.prepare<[], SourceRow>(select).iterate()) {
    const values = columns.map((column) => column.from(row));
    hash.update(JSON.stringify(values));
    waiting.push(values);
    if (waiting.length === AT_ONCE) await flush();
  }
  await flush();
  if (sequence !== undefined) {
    const key = `SELECT setval(${sequence}, max(${table.key})) FROM ${name} HAVING count(*) > 0`;
    await client.query(key);
  }
  return { rows, digest: hash.digest('hex') };
}

async function readBack(client: PoolClient, { name, columns, key }: CopiedTable): Promise<Tally> {
  const hash = createHash('sha256');
  let rows = 0;
  const names = columns.map((column) => column.name).join(', ');
  await client.query(`DECLARE kept CURSOR FOR SELECT ${names} FROM ${name} ORDER BY ${key}`);
  for (;;) {
    const page = await client.query<Value[]>({
      text: `FETCH ${AT_ONCE} FROM kept`,
      rowMode: 'array',
    });
    for (const row of page.rows) hash.update(JSON.stringify(row));
    rows += page.rows.length;
    if (page.rows.length < AT_ONCE) break;
  }
  await client.query('CLOSE kept');
  return { rows, digest: hash.digest('hex') };
}

/** A log without a gap up to the seq that its conversation names; of one that is deleted the last event at least. */
async function checkEnds(client: PoolClient): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM conversations c LEFT JOIN (
       SELECT conversation, count(*) AS events, max(seq) AS last FROM log GROUP BY 1) l ON l.conversation = c.id
     WHERE l.last IS DISTINCT FROM c.last_seq OR (c.deleted_at IS NULL AND l.events <> c.last_seq)`,
  );
  if (rowCount) throw new Error(`${rowCount} logs do not end where their conversations say`);
}

/** What a consumer of the log has not dealt with is in the outbox, and due. */
async function copyBacklog(db: Database, client: PoolClient, consumer: Consumer): Promise<void> {
  const ranges = db.prepare<{ key: string }, { id: string; first: number; last: number }>(
    `SELECT c.id, min(x.seq) AS first, max(x.seq) AS last FROM log x JOIN conversations c ON c.n = x.conversation
     WHERE x.pos > ifnull((SELECT value FROM meta WHERE key = @key),
       ifnull((SELECT value FROM meta WHERE key = 'offset.push'), 0))
     GROUP BY c.n ORDER BY min(x.pos)`,
  );
  const waiting = ranges.all({ key: `offset.${consumer}` });
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    const some = waiting.slice(at, at + AT_ONCE);
    await client.query(
      `INSERT INTO outbox (consumer, id, at, due_at, events, conversations, firsts, lasts)
       VALUES ($1, nextval('outbox_ids'), clock_timestamp(), clock_timestamp(), $2, $3::uuid[], $4::bigint[], $5::bigint[])`,
      [
        consumer,
        some.reduce((sum, { first, last }) => sum + last - first + 1, 0),
        some.map(({ id }) => id.slice('cnv_'.length)),
        some.map(({ first }) => first),
        some.map(({ last }) => last),
      ],
    );
  }
}

/** Retries of sends are recognised as before; tokens and positions of clients are of another log. */
async function setIdentity(db: Database, client: PoolClient): Promise<string> {
  const meta = db
    .prepare<[string], string | Buffer>('SELECT value FROM meta WHERE key = ?')
    .pluck();
  const log_id = `log_${randomBytes(12).toString('hex')}`;
  const values: [string, string][] = [['log_id', log_id]];
  const salt = meta.get('salt');
  if (Buffer.isBuffer(salt)) values.push(['salt', salt.toString('hex')]);
  const push = meta.get('push_config');
  if (typeof push === 'string') values.push(['push_config', push]);
  for (const value of values) {
    await client.query(
      `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      value,
    );
  }
  // Ahead of all that was copied.
  await client.query(
    `SELECT setval('activity', greatest(1, (SELECT max(activity) FROM conversations), (SELECT max(registration) FROM push_tokens)))`,
  );
  return log_id;
}
