import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import { copyStore } from '../../src/store/copy/copy-store';
import type { Store } from '../../src/store/store';
import {
  BY,
  byUser,
  catchUp,
  createWorld,
  entriesOf,
  sendOf,
  type Talk,
} from '../conformance/world';
import { createTempStores, silent } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

const stores = createTempStores();
let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(async () => {
  await databases.closeAll();
  await stores.cleanUp();
});
afterAll(() => databases.stop());

const copy = (from: string, to: string) =>
  copyStore({ from, to }, { log: silent, say: () => undefined });

/** A file with something of everything in it, closed. */
async function filled() {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(({ now }) => stores.open({ path, now }));
  const { store } = world;
  const talk = await world.talk({ agent: await world.agent('Ada'), title: 'With \u0000 in it' });
  await world.device(talk.user);
  const first = await world.send(talk, talk.user, 'question', { client_id: 'kept' });
  const answer = await world.send(talk, talk.agent, 'a \u0000 b \u001a', { metadata: { a: [1] } });
  await world.change(talk, talk.agent, answer.id, { op: 'edit', content: 'better' });
  await world.change(talk, talk.user, answer.id, { op: 'react', emoji: '👍', set: true });
  await world.change(talk, talk.user, first.id, { op: 'delete' });
  await world.move('read', talk, talk.user, 3);
  const gone = await world.talk({ user: talk.user });
  await world.send(gone, gone.agent, 'gone');
  await store.deleteConversation({ identity_id: gone.user, conversation_id: gone.conversation });
  while (await store.purge());
  const erased = await world.talk();
  await store.eraseUser({ user_id: erased.user, by: BY });
  await catchUp(store, 'relay');
  const last = await world.send(talk, talk.agent, 'not yet relayed');
  await world.move('received', talk, talk.user, 99);
  await store.close();
  return { path, world, talk, last };
}

/** What people, agents and operators see of it. */
async function seen(store: Store, { user, agent, conversation }: Talk) {
  const of = (identity_id: string) => ({ identity_id, conversation_id: conversation });
  const list = async (identity_id: string) => {
    const { conversations } = await store.listConversations({ identity_id, limit: 9 });
    return conversations;
  };
  const { entries } = await store.listAudit({ limit: 99 });
  return {
    lists: [await list(user), await list(agent)],
    pages: [
      (await store.listMessages({ ...of(user), limit: 99 })).messages,
      (await store.readLog({ ...of(agent), epoch: null, after_seq: 0, limit: 99 })).events,
    ],
    pending: [
      await store.listPending({ identity_id: user, limit: 9 }),
      await store.listPending({ identity_id: agent, limit: 9 }),
    ],
    user: await store.getUser({ user_id: user }),
    sessions: await store.listSessions({ user_id: user, limit: 9 }),
    agents: await store.listAgents({ limit: 9 }),
    keys: await store.listAgentKeys({ agent_id: agent, limit: 9 }),
    push: await store.pushState({
      user_id: user,
      device_id: 'phone',
      conversation_id: conversation,
    }),
    entries,
  };
}

test('the copy says the same, recognises retries, and relays what was not', async () => {
  const { path, world, talk, last } = await filled();
  const now = () => new Date(world.clock.ms);
  // As a crash may leave it.
  const raw = new BetterSqlite3(path);
  raw.exec('UPDATE members SET pending = 1');
  raw.close();
  const url = await databases.create();
  const { log_id, tables } = await copy(path, url);
  expect(tables).toMatchObject({ agents: 3, push_tokens: 1 });
  const [source, store] = [await stores.open({ path, now }), await databases.open({ url, now })];
  expect(store.logId).toBe(log_id);
  expect(log_id).not.toBe(source.logId);
  expect(await seen(store, talk)).toEqual(await seen(source, talk));
  expect((await entriesOf(store)).map(({ event }) => event.seq)).toEqual([last.seq]);

  const again = sendOf(talk, talk.user, { client_id: 'kept', content: 'question' });
  const other = sendOf(talk, talk.user, { client_id: 'kept', content: 'another' });
  const next = sendOf(talk, talk.user, { client_id: 'next' });
  const { results } = await store.append({ operations: [again, other, next] });
  expect(results).toMatchObject([
    { sent: { duplicate: true } },
    { error: { code: 'conflict' } },
    { sent: { message: { seq: last.seq + 1 } } },
  ]);
  // New rows come behind those that were copied.
  await store.createUser({ username: 'new', password_hash: 'h', by: byUser('usr_0') });
  const [conversation] = (await store.listConversations({ identity_id: talk.user, limit: 1 }))
    .conversations;
  expect(conversation?.id).toBe(talk.conversation);
});

test('only into an empty database, and of no store that is in use', async () => {
  const { path } = await filled();
  const url = await databases.create();
  const store = await stores.open({ path });
  await expect(copy(path, url)).rejects.toThrow(/in use by another process/);
  await store.close();
  await copy(path, url);
  await expect(copy(path, url)).rejects.toThrow(/has a store already/);
});

test('a log with a gap is not copied, and nothing of it is left', async () => {
  const { path } = await filled();
  const db = new BetterSqlite3(path);
  db.exec('DELETE FROM log WHERE seq = 2 AND conversation = 1');
  db.close();
  const url = await databases.create();
  await expect(copy(path, url)).rejects.toThrow(/do not end where their conversations say/);
  expect(await databases.query(url, 'SELECT 1 FROM identities')).toEqual([]);
});
