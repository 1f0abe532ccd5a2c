import { Client } from 'pg';
import { Registry } from 'prom-client';
import { createWorld } from '../conformance/world';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

async function valueOf(metrics: Registry, name: string, labels = ''): Promise<number> {
  const text = await metrics.metrics();
  const line = text.split('\n').find((each) => each.startsWith(`${name}${labels} `));
  return Number(line?.split(' ').at(-1));
}

/** A transaction of the superuser in another database, open until `end`. */
async function transaction(...statements: string[]) {
  const client = new Client({ connectionString: databases.server.adminUrl });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  // The server ends before it where the test fails.
  client.on('error', () => undefined);
  return { end: () => client.end() };
}

test('what a replica measures of its database', async () => {
  const metrics = new Registry();
  const store = await databases.open({ metrics });
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  const value = (name: string, labels?: string) =>
    valueOf(metrics, `messages_postgres_${name}`, labels);
  const send = () => world.send(talk, talk.user, 'on time');

  const commits = await value('commit_seconds_count');
  await send();
  expect(await value('commit_seconds_count')).toBeGreaterThan(commits);
  expect(await value('connections', '{state="idle"}')).toBeGreaterThan(0);
  expect(await value('waiting')).toBe(0);
  expect(await value('retries_total', '{reason="deadlock"}')).toBe(0);
  expect(await value('bytes')).toBeGreaterThan(1_000_000);

  // Who only reads holds nothing up.
  const reader = await transaction('BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT 1');
  for (let n = 0; n < 3; n += 1) await send();
  const undisturbed = await value('behind_transactions');
  await reader.end();

  const writer = await transaction('BEGIN', 'SELECT pg_current_xact_id()');
  for (let n = 0; n < 30; n += 1) await send();
  expect(await value('behind_transactions')).toBeGreaterThanOrEqual(30);
  expect(undisturbed).toBeLessThan(30);
  // Another role's transaction has no begin for who may not read statistics.
  expect(await value('oldest_transaction_seconds')).toBe(0);
  await databases.query(databases.server.url, 'GRANT pg_monitor TO messenger');
  expect(await value('oldest_transaction_seconds')).toBeGreaterThan(0);
  await writer.end();
});

test('a transaction that met a deadlock is begun anew, and counted', async () => {
  const metrics = new Registry();
  const url = await databases.create();
  const store = await databases.open({ url, metrics });
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  const id = talk.conversation.slice('cnv_'.length);
  const name = new URL(url).pathname;
  const other = new Client({
    connectionString: Object.assign(new URL(databases.server.adminUrl), { pathname: name }).href,
  });
  await other.connect();
  try {
    // Who finds a deadlock ends its own transaction: nearly always the batch, which looks after a second.
    await other.query(`SET deadlock_timeout = '3s'`);
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM conversations WHERE id = '${id}' FOR UPDATE`);
    const sent = world.send(talk, talk.user, 'through');
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while (!(await other.query(waiting)).rowCount);
    // The sender's, which the batch has locked before the conversation.
    const found = await other
      .query(`SELECT 1 FROM identities WHERE id = '${talk.user}' FOR UPDATE`)
      .then(
        () => 0,
        ({ code }: { code: string }) => (code === '40P01' ? 1 : NaN),
      );
    await other.query('ROLLBACK');
    expect((await sent).seq).toBe(2);
    const deadlocks = '{reason="deadlock"}';
    const counted = await valueOf(metrics, 'messages_postgres_retries_total', deadlocks);
    expect(counted + found).toBe(1);
  } finally {
    await other.end();
  }
});
