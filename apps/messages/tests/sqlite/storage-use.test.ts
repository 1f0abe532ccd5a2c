import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import { EVENT_BYTES } from '../../src/storage/storage';
import { BY, createWorld, sendOf, type Talk, type World } from '../conformance/world';
import { useStoresWithoutTimers } from './fixtures/stores-without-timers';
import { watchWrites } from './fixtures/written-pages';

const stores = useStoresWithoutTimers();

const NONE = { perDay: 0, inAll: 0 };
const TEXT = 'x'.repeat(10_000 - EVENT_BYTES);
/** Of a conversation and two messages of 10,000 bytes each. */
const ROOM = 20_000 + EVENT_BYTES;

function create() {
  const path = join(stores.folder(), 'messages.db');
  const limits = { person: { perDay: 0, inAll: ROOM }, agent: NONE, address: NONE };
  const storage = { limits, isLow: () => false, onRefusal: () => undefined };
  const open = () => createWorld((options) => stores.open({ ...options, path }), storage);
  return {
    open,
    path,
    reopen: () => stores.open({ path, storage }),
    /** In the file. */
    bytesOf(key: string) {
      const db = new BetterSqlite3(path, { readonly: true });
      const find = db.prepare<[string], number>('SELECT bytes FROM storage_use WHERE key = ?');
      const bytes = find.pluck().get(key) ?? 0;
      db.close();
      return bytes;
    },
  };
}

let count = 0;
async function say(world: Pick<World, 'append'>, talk: Talk): Promise<string> {
  const send = sendOf(talk, talk.user, { client_id: `c-${(count += 1)}`, content: TEXT });
  const result = await world.append(send);
  return result.ok ? 'ok' : result.error.code;
}

test('what is stored counts at once, and is saved within a second, for many messages at a time', async () => {
  const { open, path, bytesOf } = create();
  const world = await open();
  const talk = await world.talk();
  const writes = watchWrites(path);
  const sent = await writes.during(async () => {
    for (let n = 0; n < 3; n += 1) await say(world, talk);
  });
  expect(sent).not.toContain('storage_use');
  expect(await say(world, talk)).toBe('conflict');
  expect(bytesOf(talk.user)).toBe(0);
  const saved = await writes.during(async () => {
    jest.advanceTimersByTime(1_000);
    // In the turn in which the timer asked for a commit.
    await world.move('read', talk, talk.agent, 2);
  });
  expect(saved.filter((name) => name.startsWith('storage_use'))).toEqual(['storage_use']);
  expect(bytesOf(talk.user)).toBe(ROOM);
  writes.close();
});

test('what is taken away is saved with what removes it', async () => {
  const { open, bytesOf } = create();
  const world = await open();
  const talk = await world.talk();
  const { id } = await world.send(talk, talk.user, TEXT);
  await say(world, talk);
  await world.change(talk, talk.user, id, { op: 'delete' });
  expect(bytesOf(talk.user)).toBe(ROOM - TEXT.length);
  await world.send(talk, talk.user, 'x');
  await world.store.deleteConversation({
    identity_id: talk.user,
    conversation_id: talk.conversation,
  });
  while (await world.store.purge()) continue;
  expect(bytesOf(talk.user)).toBe(0);
});

test('who closes saves all of it', async () => {
  const { open, reopen, bytesOf } = create();
  const world = await open();
  const talk = await world.talk();
  expect([await say(world, talk), await say(world, talk)]).toEqual(['ok', 'ok']);
  await world.store.close();
  expect(bytesOf(talk.user)).toBe(ROOM);
  const again = await reopen();
  const send = sendOf(talk, talk.user, { client_id: 'more', content: 'x' });
  const { results } = await again.append({ operations: [send] });
  expect(results).toMatchObject([{ error: { code: 'conflict' } }]);
});

test.each(['ABORT', 'ROLLBACK'])('what is rolled back (%s) was not counted', async (how) => {
  const { open, path } = create();
  const world = await open();
  const talk = await world.talk();
  const raw = new BetterSqlite3(path);
  raw.exec(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(${how}, 'no room'); END`);
  const title = { title: 'x'.repeat(200) };
  const agent = { name: 'B', key_id: 'b', key_hash: 'h', by: BY };
  raw.exec(
    `CREATE TRIGGER late BEFORE INSERT ON members BEGIN SELECT RAISE(${how}, 'no room'); END`,
  );
  const conversation = { user_id: talk.user, agent_id: talk.agent as `agt_${string}` };
  for (let n = 0; n < 40; n += 1) {
    // The first is undone with the second where all is.
    const refused = await Promise.allSettled([
      ...(how === 'ROLLBACK' ? [say(world, talk)] : []),
      world.store.createConversation({ ...conversation, ...title }),
      world.store.createAgent(agent),
    ]);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['rejected']));
  }
  raw.exec('DROP TRIGGER full; DROP TRIGGER late');
  raw.close();
  expect([await say(world, talk), await say(world, talk)]).toEqual(['ok', 'ok']);
  expect(await say(world, talk)).toBe('conflict');
});

test('the address of an erased person is gone at once, with what waited to be saved', async () => {
  const { open, path } = create();
  const world = await open();
  const by = { actor: { kind: 'anyone' as const, id: null }, ip: '192.0.2.9' };
  const { user_id } = await world.store.createUser({ username: 'ada', password_hash: 'h', by });
  const talk = await world.talk({ user: user_id });
  await say(world, talk);
  await world.store.eraseUser({ user_id, by: BY });
  const raw = new BetterSqlite3(path, { readonly: true });
  const kept = () => raw.prepare('SELECT * FROM storage_use').all();
  expect(kept()).toEqual([]);
  // What is removed of its conversations is given back to nobody.
  while (await world.store.purge()) continue;
  jest.advanceTimersByTime(1_000);
  await world.talk();
  expect(kept()).not.toContainEqual(expect.objectContaining({ key: 'address:192.0.2.9' }));
  expect(kept()).not.toContainEqual(expect.objectContaining({ key: user_id }));
  raw.close();
});
