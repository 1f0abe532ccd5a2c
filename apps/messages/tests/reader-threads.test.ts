import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeConversations } from './conformance/conversations';
import { describeExport } from './conformance/export';
import { describeLog } from './conformance/log';
import { describePushCorrections } from './conformance/push-corrections';
import { BY, createWorld, refusal } from './conformance/world';
import { createTempStores } from './temp-store';

const PROJECT = join(__dirname, '..');
const entry = join(PROJECT, 'dist/reader-thread.js');
const readers = { threads: 2, entry };

// Threads run what is shipped: their program is bundled.
beforeAll(async () => {
  await promisify(execFile)(process.execPath, ['../../tools/build.mjs'], { cwd: PROJECT });
}, 60_000);

const stores = createTempStores();
afterEach(() => stores.cleanUp());

describe('a Store that reads on threads', () => {
  const open = ({ now }: { now: () => Date }) =>
    stores.open({ now, readers: { threads: 1, entry } });
  describeConversations(open);
  describeLog(open);
  describeExport(open);
  describePushCorrections(open);
});

const openWorld = (given = readers) =>
  createWorld(({ now }) => stores.open({ now, readers: given }));

test('a read sees what was committed before it', async () => {
  const world = await openWorld();
  const talk = await world.talk();
  const page = { identity_id: talk.user, conversation_id: talk.conversation, limit: 1 };
  for (let n = 1; n <= 100; n += 1) {
    const { seq } = await world.send(talk, talk.agent, `message ${n}`);
    const { messages } = await world.store.listMessages(page);
    expect(messages.map((message) => message.seq)).toEqual([seq]);
  }
});

test('an answer is of one state of the store, beside writes', async () => {
  const world = await openWorld();
  const talk = await world.talk();
  const reads: Promise<void>[] = [];
  for (let n = 1; n <= 50; n += 1) {
    reads.push(
      world.store.listConversations({ identity_id: talk.user, limit: 1 }).then((listed) => {
        const [conversation] = listed.conversations;
        expect(conversation?.last_message?.seq ?? 1).toBe(conversation?.last_seq);
        expect(conversation?.unread_count).toBe((conversation?.last_seq ?? 0) - 1);
      }),
    );
    await world.send(talk, talk.agent, `message ${n}`);
  }
  await Promise.all(reads);
});

test('refusals and faults come over as they are', async () => {
  const world = await openWorld();
  const talk = await world.talk();
  const stranger = { identity_id: await world.user(), conversation_id: talk.conversation };
  const refused = await refusal(world.store.listMessages({ ...stranger, limit: 9 }));
  expect(refused).toMatchObject({ code: 'not_found', message: 'No such conversation.' });
  const cursor = await refusal(world.store.listAgents({ limit: 9, cursor: 'made up' }));
  expect(cursor.code).toBe('invalid_payload');
  const broken = world.store.listMessages({ ...stranger, conversation_id: {} as string, limit: 9 });
  await expect(broken).rejects.toThrow(/parameter values/);
});

test('a thread loads no package that only other parts of the service use', () => {
  const program = readFileSync(entry, 'utf8');
  const loaded = [...program.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
  expect(loaded).toContain('better-sqlite3');
  for (const name of ['bullmq', 'express', 'ioredis', 'jsonwebtoken', 'prom-client', 'undici']) {
    expect(loaded).not.toContain(name);
  }
});

test('one thread starts with the store, the other with reads at the same time', async () => {
  let started = 0;
  const count = () => (started += 1);
  subscribe('worker_threads', count);
  try {
    const world = await openWorld();
    const [one, other] = [await world.user(), await world.user()];
    const list = (identity_id: string) => world.store.listConversations({ identity_id, limit: 1 });
    expect(started).toBe(1);
    await list(one);
    await list(other);
    expect(started).toBe(1);
    await Promise.all([list(one), list(other)]);
    await Promise.all([list(one), list(other)]);
    expect(started).toBe(2);
  } finally {
    unsubscribe('worker_threads', count);
  }
});

test('a thread that ends is replaced: its call is answered, and the others go on', async () => {
  const ending = join(__dirname, 'fixtures/ending-thread.cjs');
  const world = await openWorld({ threads: 2, entry: ending });
  const talk = await world.talk();
  const list = (identity_id: string) => world.store.listConversations({ identity_id, limit: 1 });
  for (let n = 0; n < 3; n += 1) {
    const [ended, other] = await Promise.all([refusal(list('usr_ending')), list(talk.user)]);
    expect(ended).toMatchObject({
      code: 'unavailable',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(other.conversations).toHaveLength(1);
  }
});

test('what was deleted is in no file after the purge, although others read all the time', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(({ now }) => stores.open({ now, readers, path }));
  const talk = await world.talk();
  const kept = await world.talk();
  await world.send(talk, talk.user, 'a text to be forgotten');
  await world.store.deleteConversation({
    identity_id: talk.user,
    conversation_id: talk.conversation,
  });
  let reading = true;
  const readAll = async (identity_id: string) => {
    while (reading) await world.store.listConversations({ identity_id, limit: 1 });
  };
  const busy = [readAll(kept.user), readAll(kept.agent)];
  while (await world.store.purge());
  for (const file of [path, `${path}-wal`]) {
    expect(readFileSync(file).includes('a text to be forgotten')).toBe(false);
  }
  reading = false;
  await Promise.all(busy);
});

test('closing answers what is under way, refuses what comes, and leaves a whole file', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld(({ now }) => stores.open({ now, readers, path }));
  const talk = await world.talk();
  const list = () => world.store.listConversations({ identity_id: talk.user, limit: 1 });
  const underWay = list();
  await new Promise<void>((resolve) => setImmediate(resolve));
  const closed = world.store.close();
  expect((await underWay).conversations).toHaveLength(1);
  expect((await refusal(list())).code).toBe('unavailable');
  await closed;
  // The last connection took it along: no thread holds the file any more.
  expect(existsSync(`${path}-wal`)).toBe(false);
  const again = await stores.open({ path });
  expect((await again.listUsers({ limit: 9 })).users).toHaveLength(1);
});

test('an export is recorded once, with its first page', async () => {
  const world = await openWorld();
  const user_id = await world.user();
  const page = { user_id, limit: 1, by: BY };
  const { next_cursor } = await world.store.exportUser(page);
  await world.store.exportUser({ ...page, cursor: next_cursor ?? undefined });
  const { entries } = await world.store.listAudit({ action: 'user.export', limit: 9 });
  expect(entries).toHaveLength(1);
});
