import { waitFor } from '@agent-messenger/testkit';
import { catchUp, createWorld, entriesOf } from '../conformance/world';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

test('replicas that start at once make one schema, and have one log', async () => {
  await databases.query(databases.server.adminUrl, 'CREATE DATABASE fresh OWNER messenger');
  const url = Object.assign(new URL(databases.server.url), { pathname: 'fresh' }).href;
  const stores = await Promise.all([1, 2, 3].map(() => databases.open({ url })));
  const ids = new Set(stores.map(({ logId }) => logId));
  expect([...ids]).toEqual([expect.stringMatching(/^log_/)]);
  for (const store of stores) {
    expect(await store.lagOf('relay')).toEqual({ events: 0, seconds: 0 });
  }
});

test('what waits for the relay is relayed as it is by then', async () => {
  const store = await databases.open();
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  const first = await world.send(talk, talk.user, 'first');
  const second = await world.send(talk, talk.user, 'second');
  await world.change(talk, talk.user, first.id, { op: 'delete' });
  await world.change(talk, talk.user, second.id, { op: 'edit', content: 'changed' });
  const relayed = await entriesOf(store);
  expect(relayed.map(({ event }) => 'message' in event && event.message?.content)).toEqual([
    ...[false, null, 'changed', null, 'changed'],
  ]);
  expect(relayed.every(({ to }) => to.length === 2)).toBe(true);
});

test('what was just committed is relayed as members read it', async () => {
  const store = await databases.open();
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  await catchUp(store, 'relay');
  const metadata = { a: ['\u0000', 1.5, null] };
  const { id } = await world.send(talk, talk.user, 'one \u001a', { metadata });
  await world.send(talk, talk.agent, 'two', { reply_to: id });
  const relayed = await entriesOf(store);
  const { events } = await store.readLog({
    ...{ identity_id: talk.user, conversation_id: talk.conversation, epoch: null },
    ...{ after_seq: 1, limit: 9 },
  });
  expect(relayed.map(({ event }) => event)).toEqual(events);
  expect(relayed.map(({ to }) => [...to].sort())).toEqual(
    Array(2).fill([talk.user, talk.agent].sort()),
  );
});

test('receipts and repeated messages leave the indexes of members alone', async () => {
  const url = await databases.create();
  const store = await databases.open({ url });
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  for (let n = 0; n < 5; n += 1) {
    const { seq } = await world.send(talk, talk.user, 'again');
    await world.move('received', talk, talk.agent, seq);
    await world.move('read', talk, talk.agent, seq);
  }
  await store.close();
  const found = await waitFor(async () => {
    const [row] = await databases.query<{ changed: string; hot: string }>(
      url,
      `SELECT n_tup_upd AS changed, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = 'members'`,
    );
    return Number(row?.changed) >= 12 ? row : undefined;
  });
  // The first message counts for whom the members talk to.
  expect(Number(found.changed) - Number(found.hot)).toBeLessThanOrEqual(2);
});

test('a replica goes on while a newer one adds columns', async () => {
  const url = await databases.create();
  const store = await databases.open({ url });
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  for (const content of ['one', 'two']) await world.send(talk, talk.user, content);
  for (const table of ['identities', 'conversations', 'members', 'log', 'sends', 'storage_use']) {
    await databases.query(url, `ALTER TABLE ${table} ADD COLUMN added int`);
  }
  expect((await world.send(talk, talk.user, 'three')).seq).toBe(4);
});
