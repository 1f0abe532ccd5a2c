import type { Operation } from '@agent-messenger/contracts';
import { startPgBouncer, type PgBouncerProcess } from '@agent-messenger/testkit';
import { openPool } from '../../src/store/postgres/driver/open-pool';
import { prepared } from '../../src/store/postgres/driver/prepared';
import { createTransactions } from '../../src/store/postgres/driver/transactions';
import { silent } from '../temp-store';
import { createWorld, entriesOf, sendOf } from '../conformance/world';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
let pooler: PgBouncerProcess;
beforeAll(async () => {
  databases = await startDatabases();
  // Fewer than the clients' connections: their transactions take turns.
  pooler = await startPgBouncer(databases.server.url, { poolSize: 2 });
});
afterEach(() => databases.closeAll());
afterAll(async () => {
  await pooler.stop();
  await databases.stop();
});

test('works through a pooler that gives each transaction another connection', async () => {
  const { pathname } = new URL(await databases.create());
  const url = Object.assign(new URL(pooler.url), { pathname }).href;
  const stores = [await databases.open({ url }), await databases.open({ url })] as const;
  const world = await createWorld(async () => stores[0]);
  const talk = await world.talk();
  const names = Array.from({ length: 40 }, (_, n) => `c${n}`);
  await Promise.all(
    names.map((client_id, n) =>
      stores[n % 2 === 0 ? 0 : 1].append({
        operations: [sendOf(talk, talk.user, { client_id }) as Operation],
      }),
    ),
  );
  const ids = { identity_id: talk.agent, conversation_id: talk.conversation };
  const [{ events }, { messages }] = await Promise.all([
    stores[1].readLog({ ...ids, epoch: null, after_seq: 0, limit: 99 }),
    stores[0].listMessages({ ...ids, limit: 99 }),
  ]);
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 41 }, (_, n) => n + 1));
  expect(messages.map(({ client_id }) => client_id).sort()).toEqual([...names].sort());
  expect((await entriesOf(stores[1])).length).toBeGreaterThan(0);
});

const KEPT = prepared('SELECT $1::int + 1 AS next');

/** Statements that the server keeps for a connection after three transactions with the same one. */
async function keptStatements(url: string): Promise<string[]> {
  const pool = openPool({ url, connections: 1, log: silent });
  const opening = { sql: 'SELECT 1', accept: () => undefined };
  const { write } = createTransactions(pool, { now: () => new Date(), opening, around: [] });
  try {
    for (const n of [1, 2, 3]) {
      expect(await write((tx) => tx.get(KEPT, [n]))).toEqual({ next: n + 1 });
    }
    const rows = await write((tx) =>
      tx.all<{ statement: string }>('SELECT statement FROM pg_prepared_statements'),
    );
    return rows.map(({ statement }) => statement);
  } finally {
    await pool.end();
  }
}

test('statements are kept by connections of the server itself, and by no pooler', async () => {
  expect(await keptStatements(databases.server.url)).toEqual([KEPT]);
  expect(await keptStatements(pooler.url)).toEqual([]);
});

const ALL = prepared('SELECT * FROM changing');

test('what a migration has changed is asked for anew', async () => {
  const pool = openPool({ url: databases.server.url, connections: 1, log: silent });
  const opening = { sql: 'SELECT 1', accept: () => undefined };
  const { write } = createTransactions(pool, { now: () => new Date(), opening, around: [] });
  try {
    await pool.query('CREATE TABLE changing AS SELECT 1 AS a');
    for (let n = 0; n < 3; n += 1) expect(await write((tx) => tx.all(ALL))).toEqual([{ a: 1 }]);
    await pool.query('ALTER TABLE changing ADD COLUMN b int');
    expect(await write((tx) => tx.all(ALL))).toEqual([{ a: 1, b: null }]);
  } finally {
    await pool.end();
  }
});
