import { createLogger } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { Client } from 'pg';
import { openPool } from '../../src/store/postgres/driver/open-pool';
import { migrate } from '../../src/store/postgres/schema/migrate';
import { createWorld } from '../conformance/world';
import { silent } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases({ deadlock_timeout: '50ms' });
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

const EXPAND = `ALTER TABLE log ADD COLUMN of_later text; ALTER TABLE members ADD COLUMN of_later text`;
/** Any number will do: of the lock at which a migration waits here until it may go on. */
const GATE = 1;
const GATED = `SET LOCAL lock_timeout = 0; ALTER TABLE log ADD COLUMN of_later text;
  SELECT pg_advisory_xact_lock(${GATE}); ALTER TABLE members ADD COLUMN of_later text`;

/** A database of this version, somebody else's connection to it, and a replica of the next version that starts. */
async function setUp() {
  const url = await databases.create();
  const { pathname } = new URL(url);
  const connectionString = Object.assign(new URL(databases.server.adminUrl), { pathname }).href;
  const other = new Client({ connectionString });
  await other.connect();
  const version = async () => {
    const rows = await databases.query<{ value: string }>(
      url,
      `SELECT value FROM meta WHERE key = 'schema'`,
    );
    return Number(rows[0]?.value);
  };
  const known = await version();
  const lines: { level: number; postgres: string }[] = [];
  async function start(migration: string, { tries }: { tries?: number } = {}): Promise<void> {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as never) };
    const log = createLogger({ name: 'test', level: 'info', destination });
    const pool = openPool({ url, connections: 1, log: silent });
    const migrations = [...Array.from({ length: known }, () => ''), migration];
    try {
      await migrate(pool, { log, migrations, ...(tries !== undefined && { tries }) });
    } finally {
      await pool.end();
    }
  }
  /** Resolves when somebody waits for such a lock that another one has. */
  const waits = (condition: string) =>
    waitFor(
      async () => {
        const sql = `SELECT 1 FROM pg_locks WHERE NOT granted AND ${condition}`;
        return (await databases.query(url, sql)).length > 0;
      },
      { describe: `somebody to wait where ${condition}`, timeoutMs: 30_000 },
    );
  return { url, other, known, version, lines, start, waits };
}

test('a lock that somebody keeps: it is repeated until that has ended, and those who send do not wait for it', async () => {
  const { url, other, known, version, lines, start } = await setUp();
  const world = await createWorld(() => databases.open({ url }));
  const talk = await world.talk();
  // As pg_dump does with all tables.
  await other.query('BEGIN; LOCK TABLE log IN ACCESS SHARE MODE');
  const started = start(EXPAND);
  await waitFor(() => lines.length > 0, { describe: 'a repetition', timeoutMs: 30_000 });
  expect((await world.send(talk, talk.user, 'meanwhile')).seq).toBe(2);
  await other.query('COMMIT');
  await started;
  expect(lines[0]).toMatchObject({ level: 40, postgres: '55P03' });
  expect(await version()).toBe(known + 1);
  expect((await world.send(talk, talk.user, 'afterwards')).seq).toBe(3);
  await other.end();
});

test('a lock that is kept for ever: the start fails after its last try, and nothing has changed', async () => {
  const { other, known, version, lines, start } = await setUp();
  await other.query('BEGIN; LOCK TABLE members IN ACCESS SHARE MODE');
  await expect(start(EXPAND, { tries: 2 })).rejects.toMatchObject({ code: '55P03' });
  expect(lines).toHaveLength(1);
  expect(await version()).toBe(known);
  const { rows } = await other.query(
    `SELECT 1 FROM information_schema.columns WHERE column_name = 'of_later'`,
  );
  expect(rows).toEqual([]);
  await other.end();
});

test('a deadlock, of which the migration is undone: it is repeated', async () => {
  const { url, other, known, version, lines, start, waits } = await setUp();
  const gate = new Client({ connectionString: url });
  await gate.connect();
  await gate.query(`SELECT pg_advisory_lock(${GATE})`);
  // Whoever waits looks for a deadlock after a while: this one never does.
  await other.query(`BEGIN; SET LOCAL deadlock_timeout = '1h'; LOCK TABLE members IN SHARE MODE`);
  const started = start(GATED);
  await waits(`locktype = 'advisory'`);
  const read = other.query('SELECT count(*) FROM log');
  await waits(`relation = 'log'::regclass`);
  await gate.query(`SELECT pg_advisory_unlock(${GATE})`);
  expect((await read).rows).toHaveLength(1);
  await other.query('COMMIT');
  await started;
  expect(lines.map(({ postgres }) => postgres)).toEqual(['40P01']);
  expect(await version()).toBe(known + 1);
  await Promise.all([gate.end(), other.end()]);
});
