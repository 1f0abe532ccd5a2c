import BetterSqlite3 from 'better-sqlite3';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/sqlite/open-database';
import { BY, catchUp, createWorld, entriesOf, pushOf, refusal, sendOf } from '../conformance/world';
import { readTables } from './fixtures/released-database';
import { createTempStores, silent } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('the files are the owner’s alone, in a folder of the owner’s alone', async () => {
  const folder = join(stores.folder(), 'data');
  const path = join(folder, 'messages.db');
  const store = await stores.open({ path });
  await store.createUser({ username: 'ada', password_hash: 'h', by: BY });
  expect(mode(folder)).toBe('700');
  for (const suffix of ['', '-wal', '-shm', '.lock']) expect(mode(path + suffix)).toBe('600');
});

test('commits are durable: WAL with synchronous=FULL, foreign keys checked', async () => {
  const { db, close } = await openDatabase(join(stores.folder(), 'messages.db'), silent);
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
  close();
});

test('a second writer is turned away while the first lives, and let in afterwards', async () => {
  const path = join(stores.folder(), 'messages.db');
  const first = await openDatabase(path, silent);
  await expect(openDatabase(path, silent)).rejects.toThrow(/in use by another process/);
  first.db.exec('SELECT 1');
  first.close();
  (await openDatabase(path, silent)).close();
});

test('under two names it is one file, with one lock and one log', async () => {
  const folder = stores.folder();
  const path = join(folder, 'messages.db');
  const link = join(folder, 'link.db');
  const first = await openDatabase(path, silent);
  symlinkSync(path, link);
  await expect(openDatabase(link, silent)).rejects.toThrow(/in use by another process/);
  first.close();
  const second = await openDatabase(link, silent);
  expect(second.path).toBe(path);
  second.close();
  expect(readdirSync(folder).sort()).toEqual(['link.db', 'messages.db', 'messages.db.lock']);
});

test('where a store was lost no empty one is made', async () => {
  const path = join(stores.folder(), 'messages.db');
  writeFileSync(`${path}-wal`, 'what was committed last');
  await expect(stores.open({ path })).rejects.toThrow(/is missing.*restore a backup/);
  expect(readFileSync(`${path}-wal`, 'utf8')).toBe('what was committed last');
  expect(existsSync(path)).toBe(false);
});

test('a lock that cannot be had is not called taken', async () => {
  const path = join(stores.folder(), 'messages.db');
  writeFileSync(`${path}.lock`, 'no database'.repeat(100));
  await expect(openDatabase(path, silent)).rejects.toThrow(
    /messages\.db\.lock cannot be locked: .*not a database/,
  );
});

test('a purge goes on after a restart', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(() => stores.open({ path }));
  const talk = await world.talk();
  const operations = Array.from({ length: 500 }, (_, n) =>
    sendOf(talk, talk.agent, { client_id: `c${n}` }),
  );
  await world.store.append({ operations });
  const ids = { identity_id: talk.user, conversation_id: talk.conversation };
  await world.store.deleteConversation(ids);
  expect(await world.store.purge()).toBe(true);
  await world.store.close();

  const store = await stores.open({ path });
  let steps = 0;
  while (await store.purge()) steps += 1;
  expect(steps).toBeGreaterThan(1);
  const raw = new BetterSqlite3(path, { readonly: true });
  const count = (table: string) => raw.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  expect(count('log')).toBe(1);
  raw.close();
});

test('an erasure goes on after a restart', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(() => stores.open({ path }));
  const { user, agent } = await world.talk();
  for (let n = 0; n < 250; n += 1) await world.talk({ user, agent });
  await world.store.eraseUser({ user_id: user, by: BY });
  expect(await world.store.purge()).toBe(true);
  await world.store.close();

  const store = await stores.open({ path });
  const list = async () =>
    (await store.listConversations({ identity_id: agent, limit: 999 })).conversations;
  expect((await list()).length).toBe(151);
  while (await store.purge());
  expect(await list()).toEqual([]);
  const raw = new BetterSqlite3(path, { readonly: true });
  expect(raw.prepare('SELECT count(*) FROM erasures').pluck().get()).toBe(0);
  raw.close();
});

test('a change whose audit entry can not be written does not happen', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(() => stores.open({ path }));
  const { store } = world;
  const talk = await world.talk();
  const { user: user_id, agent } = talk;
  const agent_id = agent as `agt_${string}`;
  await store.createSession({
    user_id,
    refresh_digest: 'd',
    expires_at: '2099-01-01T00:00:00.000Z',
    by: BY,
  });
  const { keys } = await store.listAgentKeys({ agent_id, limit: 9 });
  const raw = new BetterSqlite3(path);
  raw.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END");
  raw.close();
  /** All that is kept but the revision, which may rise for nothing. */
  const tables = () => [...readTables(path)].filter(([name]) => name !== 'meta');
  const before = tables();
  const key = { agent_id, key_id: 'k', key_hash: 'h', name: 'k', overlap_s: 0, by: BY };
  const session = { user_id, refresh_digest: 'e', expires_at: '2099-01-01T00:00:00.000Z' };
  for (const change of [
    () => store.createUser({ username: 'bob', password_hash: 'h', by: BY }),
    () => store.updateUser({ user_id, password_hash: 'x', disabled: true, by: BY }),
    () => store.eraseUser({ user_id, by: BY }),
    () => store.createSession({ ...session, by: BY }),
    () => store.endSession({ refresh_digest: 'd', everywhere: true, by: BY }),
    () => store.createAgent({ name: 'B', key_id: 'b', key_hash: 'h', by: BY }),
    () => store.updateAgent({ agent_id, name: 'B', by: BY }),
    () => store.deleteAgent({ agent_id, by: BY }),
    () => store.createAgentKey({ ...key, replaces: keys[0]?.key_id, expires_at: null }),
    () => store.revokeAgentKey({ agent_id, key_id: keys[0]?.key_id ?? '', by: BY }),
  ]) {
    await expect(change()).rejects.toMatchObject({ message: 'no room' });
  }
  expect(tables()).toEqual(before);
});

test('a person that is disabled has no session, whatever the tables say', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(() => stores.open({ path }));
  const identity_id = await world.user();
  const credential = { identity_id, credential_id: await world.session(identity_id) };
  expect(await world.store.authorize(credential)).toEqual({ epoch: 0 });
  const raw = new BetterSqlite3(path);
  raw.prepare("UPDATE users SET disabled_at = '2030'").run();
  raw.close();
  expect((await refusal(world.store.authorize(credential))).code).toBe('unauthorized');
});

test('what was committed is there after a restart: log_id, messages, retries, offsets', async () => {
  const path = join(stores.folder(), 'messages.db');
  const open = () => stores.open({ path });
  const before = await createWorld(open);
  const talk = await before.talk();
  const message = await before.send(talk, talk.user, 'kept', { client_id: 'k' });
  const asked = { identity_id: talk.user, limit: 10 };
  const { log_id } = await before.store.listConversations(asked);
  await catchUp(before.store, 'relay');
  await before.store.close();

  const store = await open();
  expect((await store.listConversations(asked)).log_id).toBe(log_id);
  expect(await entriesOf(store)).toEqual([]);
  const retry = sendOf(talk, talk.user, { client_id: 'k', content: 'kept' });
  expect((await store.append({ operations: [retry] })).results).toEqual([
    { ok: true, sent: { message, duplicate: true } },
  ]);
  await before.store.close();
});

describe('former members', () => {
  /** The person has left after the second message; 30 days and more are a matter of the clock. */
  async function leave() {
    const path = join(stores.folder(), 'messages.db');
    const clock = { ms: Date.now() };
    const world = await createWorld(() => stores.open({ path, now: () => new Date(clock.ms) }));
    const talk = await world.talk();
    const { sync_token } = await world.store.listConversations({
      identity_id: talk.user,
      limit: 9,
    });
    for (const content of ['one', 'two', 'three']) await world.send(talk, talk.agent, content);
    await world.device(talk.user);
    const raw = new BetterSqlite3(path);
    raw
      .prepare(
        `UPDATE members SET left_seq = 3, left_at = ?, message_pos = NULL, rev = (SELECT value FROM meta WHERE key = 'rev')
         WHERE identity = (SELECT n FROM identities WHERE id = ?)`,
      )
      .run(new Date(clock.ms).toISOString(), talk.user);
    raw.close();
    return { world, talk, clock, sync_token };
  }
  const logOf = (talk: { user: string; conversation: string }) => ({
    identity_id: talk.user,
    epoch: null,
    conversation_id: talk.conversation,
    after_seq: 0,
    limit: 99,
  });

  test('read the log up to where they left, until it is delivered', async () => {
    const { world, talk } = await leave();
    const page = await world.store.readLog(logOf(talk));
    expect(page.events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(page).toMatchObject({ last_seq: 3, has_more: false });
    const pending = await world.store.listPending({ identity_id: talk.user, limit: 9 });
    expect(pending.pending).toEqual([
      { conversation_id: talk.conversation, delivered_seq: 0, last_seq: 3 },
    ]);
    const moved = await world.move('received', talk, talk.user, 99);
    expect(moved.receipt?.delivered_seq).toBe(3);
    expect((await refusal(world.store.readLog(logOf(talk)))).code).toBe('not_found');
  });

  test('or for 30 days', async () => {
    const { world, talk, clock } = await leave();
    clock.ms += 31 * 24 * 3_600_000;
    expect((await refusal(world.store.readLog(logOf(talk)))).code).toBe('not_found');
    const pending = await world.store.listPending({ identity_id: talk.user, limit: 9 });
    expect(pending.pending).toEqual([]);
  });

  test('are nobody to everything else', async () => {
    const { world, talk, sync_token } = await leave();
    const { store } = world;
    const ids = { identity_id: talk.user, conversation_id: talk.conversation };
    expect(await world.append(sendOf(talk, talk.user, {}))).toMatchObject({
      error: { code: 'not_found' },
    });
    expect((await refusal(store.getConversation(ids))).code).toBe('not_found');
    expect((await refusal(store.listMessages({ ...ids, limit: 9 }))).code).toBe('not_found');
    const listed = await store.listConversations({
      identity_id: talk.user,
      limit: 9,
      since: sync_token,
    });
    expect(listed).toMatchObject({ conversations: [], removed: [talk.conversation] });
    expect(await store.counterparts({ identity_id: talk.user, ids: [talk.agent] })).toEqual({
      ids: [],
    });
    expect(await store.pushState(pushOf(talk))).toEqual({ push: null });
    const entries = await entriesOf(store);
    expect(entries.map(({ event, to }) => [event.seq, to.includes(talk.user)])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ]);
  });
});
