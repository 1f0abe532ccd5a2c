import {
  startPgBouncer,
  startPostgres,
  takeBaseBackup,
  waitFor,
  type PostgresProcess,
} from '@agent-messenger/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { checkDatabase, type DatabaseCheck } from '../../src/store-check/check-database';
import type { InspectedDatabase } from '../../src/store-check/inspected-database';
import { diskFindings } from '../../src/store-check/room-findings';
import { horizonFinding, vacuumFindings } from '../../src/store-check/vacuum-findings';
import { silent } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'am-check-'));
  databases = await startDatabases({ max_prepared_transactions: '2', wal_level: 'replica' });
});
afterEach(() => databases.closeAll());
afterAll(async () => {
  await databases.stop();
  rmSync(folder, { recursive: true, force: true });
});

const check = (url: string, options: Partial<DatabaseCheck> = {}) =>
  checkDatabase({
    ...{ url, replication: 'asynchronous', connections: 10, replicas: 2, log: silent },
    ...options,
  });
/** What is to be done, by what was looked at, as `level: found → advice`. */
async function problems(url: string, options: Partial<DatabaseCheck> = {}) {
  const findings = await check(url, options);
  const bad = findings.filter(({ level }) => level !== 'ok');
  return Object.fromEntries(
    bad.map(({ what, level, found, advice }) => [
      what.replace('PostgreSQL ', ''),
      `${level}: ${found} → ${advice}`,
    ]),
  );
}
const anything = expect.any(String) as string;
const like = (pattern: RegExp) => expect.stringMatching(pattern) as string;

async function withServer(
  settings: Record<string, string>,
  work: (server: PostgresProcess) => Promise<void>,
): Promise<void> {
  const server = await startPostgres({
    settings: { fsync: 'on', full_page_writes: 'on', ...settings },
  });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

test('a server as it comes is healthy but for its archive, before messages and after it', async () => {
  await withServer({}, async ({ url }) => {
    expect(await problems(url)).toEqual({
      archive: like(/^warn: off/),
      log: like(/^warn: no tables → messages makes them/),
    });
    await (await databases.open({ url })).close();
    expect(await problems(url)).toEqual({ archive: anything });
    const [first, ...findings] = await check(url);
    expect(first).toMatchObject({
      level: 'ok',
      found: like(/^messenger@127\.0\.0\.1:\d+\/messenger$/),
    });
    const ok = findings.filter(({ level }) => level === 'ok').map(({ what }) => what);
    for (const what of [
      'version',
      'encoding',
      'role',
      'commit',
      'autovacuum',
      'clock',
      'connections',
    ]) {
      expect(ok).toContain(`PostgreSQL ${what}`);
    }
  });
});

test.each([
  ['password', { password: 'wrong-one' }, /password authentication failed.*→ the password/],
  ['database', { pathname: '/nowhere' }, /does not exist.*→ CREATE DATABASE/],
  ['port', { port: '1' }, /ECONNREFUSED.*→ start it/],
])('a wrong %s is named, and no password', async (_what, wrong, said) => {
  const url = Object.assign(new URL(databases.server.url), wrong).href;
  const found = await problems(url);
  expect(Object.keys(found)).toEqual(['PostgreSQL']);
  expect(found['PostgreSQL']).toMatch(said);
  expect(JSON.stringify(found)).not.toMatch(/wrong-one|:messenger@/);
});

test('a standby is named as such, and a primary whose standby is gone does not commit', async () => {
  await withServer({}, async (primary) => {
    const dir = join(folder, 'standby');
    await takeBaseBackup(primary, dir, { follow: true });
    const standby = await startPostgres({ dir });
    expect(await problems(standby.url)).toMatchObject({
      writes: like(/^fail: a standby: it only reads → .*pg_promote/),
    });
    const admin = new Client({ connectionString: primary.adminUrl });
    await admin.connect();
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names = 'walreceiver'`);
    await admin.query('SELECT pg_reload_conf()');
    await waitFor(async () => {
      const { rows } = await admin.query(
        `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`,
      );
      return rows.length > 0;
    });
    await admin.end();
    const synchronous = { replication: 'synchronous' } as const;
    expect(await problems(primary.url, synchronous)).toEqual({
      archive: anything,
      log: anything,
    });
    expect(await problems(primary.url)).toMatchObject({
      replication: like(/^warn: commits wait for walreceiver/),
    });
    await standby.stop();
    expect(await problems(primary.url, synchronous)).toMatchObject({
      commit: like(/^fail: not answered within 5 s → a standby/),
    });
  });
}, 60_000);

test('what an answer is worth: settings that lose it are named', async () => {
  const url = await databases.create();
  const found = await problems(url, { replication: 'synchronous' });
  expect(found).toMatchObject({
    fsync: like(/^fail: off/),
    full_page_writes: like(/^fail: off/),
    replication: like(/^fail: .*synchronous_standby_names is empty/),
    autovacuum: like(/^fail: off/),
  });
  const local = Object.assign(new URL(url), { search: '?options=-c%20synchronous_commit%3Dlocal' });
  expect(await problems(local.href, { replication: 'synchronous' })).toMatchObject({
    synchronous_commit: like(/^fail: local/),
  });
  const readOnly = '?options=-c%20default_transaction_read_only%3Don';
  expect(await problems(Object.assign(new URL(url), { search: readOnly }).href)).toMatchObject({
    writes: like(/^fail: default_transaction_read_only/),
  });
});

test('connections: those of all replicas have to fit, under the limits of role and database too', async () => {
  const url = await databases.create();
  expect(await problems(url)).not.toHaveProperty('connections');
  // 200, of which 3 are kept for superusers.
  expect(await problems(url, { connections: 80 })).toMatchObject({
    connections: like(/^warn: 200 at most, room for 19\d,.*take 240 → raise max_connections/),
  });
  expect(await problems(url, { connections: 120 })).toMatchObject({ connections: like(/^fail: /) });
  const name = new URL(url).pathname.slice(1);
  await databases.query(url, `ALTER DATABASE ${name} CONNECTION LIMIT 12`);
  expect(await problems(url)).toMatchObject({ connections: like(/^fail: .*room for 12,/) });
});

test.each(['transaction', 'session'] as const)(
  'PgBouncer is seen, in %s mode',
  async (poolMode) => {
    const url = await databases.create();
    const bouncer = await startPgBouncer(url, { poolMode });
    try {
      const through = Object.assign(new URL(bouncer.url), { pathname: new URL(url).pathname });
      const findings = await check(through.href);
      expect(findings.find(({ what }) => what === 'PostgreSQL pooler')).toMatchObject({
        level: poolMode === 'transaction' ? 'ok' : 'warn',
        found: like(new RegExp(`^${poolMode} mode`)),
      });
    } finally {
      await bouncer.stop();
    }
  },
);

test('tables that were copied from another database are told from those that were made here', async () => {
  const url = await databases.create();
  await (await databases.open({ url })).close();
  expect(await problems(url)).not.toHaveProperty('log');
  const name = new URL(url).pathname.slice(1);
  await databases.query(databases.server.url, `CREATE DATABASE copied TEMPLATE ${name}`);
  const copied = Object.assign(new URL(url), { pathname: '/copied' }).href;
  expect(await problems(copied)).toMatchObject({
    log: like(/^warn: the tables come from another/),
  });
});

test('what holds back sync tokens and vacuum: transactions that nobody ends, slots that nobody reads', async () => {
  const url = await databases.create();
  await databases.query(
    url,
    `BEGIN; CREATE TABLE left_over (); PREPARE TRANSACTION 'left'; SELECT pg_create_physical_replication_slot('unread', true)`,
  );
  try {
    expect(await problems(url)).toMatchObject({
      'oldest transaction': like(/^warn: 1 prepared/),
      'replication slots': like(/^warn: unread: nobody reads/),
    });
  } finally {
    await databases.query(url, `ROLLBACK PREPARED 'left'`);
    await databases.query(url, `SELECT pg_drop_replication_slot('unread')`);
  }
});

test('figures that take hours to come about', () => {
  const found = {
    autovacuum: 'on',
    frozen_age: 1,
    oldest_writer_s: 61.2,
    behind: 5,
    prepared: 0,
    idle_slots: 'standby_2',
    slot_bytes: 2 ** 31,
    database_bytes: 1,
  } as InspectedDatabase;
  expect(horizonFinding(found)).toMatchObject({ level: 'warn', found: '61 s old, 5 others since' });
  expect(horizonFinding({ ...found, oldest_writer_s: 59 })).toMatchObject({ level: 'ok' });
  expect(diskFindings(found).at(-1)).toMatchObject({ level: 'fail', found: like(/2048 MiB/) });
  const table = { name: 'log', bytes: 1, vacuumed_s: null };
  const levels = (live: number, dead: number, age = 1) =>
    vacuumFindings({ ...found, frozen_age: age }, [{ ...table, live, dead }]).map(
      ({ level }) => level,
    );
  expect(levels(20_000, 20_000)).toEqual(['ok', 'warn']);
  expect(levels(80_000, 20_000)).toEqual(['ok', 'ok']);
  expect(levels(1, 9_000)).toEqual(['ok', 'ok']);
  expect(levels(1, 1, 1_500_000_000)).toEqual(['ok', 'ok', 'fail']);
});
