import { createLogger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCursor } from '../../src/store/cursors';
import { makeCompact } from '../../src/store/sqlite/schema/compaction';
import { COMPACT_VERSION } from '../../src/store/sqlite/schema/steps';
import { WIDE_STEPS } from '../../src/store/sqlite/schema/wide-steps';
import { entriesOf } from '../conformance/world';
import type { Store } from '../../src/store/store';
import { BUNDLE_ENV, bundleProgram } from '../bundle-program';
import { createTempStores, silent } from '../temp-store';
import { createWideDatabase, type WideDatabase } from './fixtures/wide-database';
import { readWideLog } from './fixtures/wide-log';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

/** A wide store, and a copy of it to compare with. */
function createWide(size = { conversations: 5, rounds: 10 }) {
  const path = join(stores.folder(), 'messages.db');
  const wide = createWideDatabase(path, size);
  const before = join(stores.folder(), 'before.db');
  copyFileSync(path, before);
  return { path, wide, before };
}

function versionOf(path: string): unknown {
  const db = new BetterSqlite3(path, { readonly: true });
  const version = db.pragma('user_version', { simple: true });
  db.close();
  return version;
}

async function readAll(store: Store, identity_id: string, conversation_id: string) {
  const events: unknown[] = [];
  for (let more = true; more;) {
    const page = await store.readLog({
      ...{ identity_id, conversation_id, epoch: null },
      ...{ after_seq: events.length, limit: 999 },
    });
    events.push(...page.events);
    more = page.has_more;
  }
  return events;
}

async function expectTheSame(
  store: Store,
  { wide, before }: { wide: WideDatabase; before: string },
) {
  expect(store.logId).toBe(wide.log_id);
  for (const conversation_id of wide.conversations.slice(0, -1)) {
    const events = await readAll(store, wide.agent, conversation_id);
    expect(events).toEqual(readWideLog(before, conversation_id));
  }
  const gone = { identity_id: wide.agent, conversation_id: wide.conversations.at(-1) ?? '' };
  const { events } = await store.readLog({ ...gone, epoch: null, after_seq: 0, limit: 9_999 });
  expect(events).toEqual(readWideLog(before, gone.conversation_id).slice(-1));
}

test('every event and message is what it was, and the file is less than half as large', async () => {
  const size = { conversations: 5, rounds: 200 };
  const { path, wide, before } = createWide(size);
  const bytes = statSync(path).size;
  const store = await stores.open({ path });
  await expectTheSame(store, { wide, before });
  await store.close();
  expect(versionOf(path)).toBe(COMPACT_VERSION);
  const db = new BetterSqlite3(path);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
  expect(statSync(path).size).toBeLessThan(bytes / 2);
  const kept = readdirSync(join(path, '..')).filter((name) => name.includes('.before-compact-'));
  expect(kept).toHaveLength(1);
  expect(versionOf(join(path, '..', kept[0] ?? ''))).toBe(WIDE_STEPS.length);
});

test('positions, listings, sync tokens, pushes and retries go on', async () => {
  const { path, wide } = createWide();
  const store = await stores.open({ path });
  const [user = '', conversation_id = ''] = [wide.users[0], wide.conversations[0]];
  const ids = { identity_id: user, conversation_id };
  // A token of the program before: only the conversations whose rev is above it.
  const since = encodeCursor({ log_id: wide.log_id, rev: 902 });
  const listed = await store.listConversations({ identity_id: wide.agent, limit: 9, since });
  expect(listed.conversations.map(({ id }) => id)).toEqual([wide.conversations[3]]);
  const own = await store.getConversation(ids);
  expect(own).toMatchObject({
    title: 'T 0',
    delivered_seq: 3,
    read_seq: 2,
    tags: ['a'],
    muted: false,
  });
  const { messages } = await store.listMessages({ ...ids, limit: 99 });
  expect(own.last_message).toEqual(messages.at(-1));
  const unread = messages.filter(
    ({ seq, sender, deleted_at }) => seq > 2 && sender.id !== user && deleted_at === undefined,
  );
  expect(own.unread_count).toBe(unread.length);
  const push = await store.pushState({ user_id: user, device_id: 'phone', conversation_id });
  expect(push.push).toMatchObject({ device: { token: 'token-0' } });
  const first = await entriesOf(store, 1);
  // The relay was at position 3, behind the creation of the first conversation.
  expect(first.map(({ event }) => event.seq)).toEqual([2]);
  const send = {
    op: 'send',
    epoch: null,
    ...ids,
    conversation_id: conversation_id as `cnv_${string}`,
  } as const;
  const { results } = await store.append({
    operations: [
      { ...send, ...wide.retry },
      { ...send, client_id: 'new', content: 'new' },
    ],
  });
  expect(results).toMatchObject([
    { sent: { duplicate: true, message: { seq: 2 } } },
    { sent: { duplicate: false, message: { seq: own.last_seq + 1 } } },
  ]);
  await store.close();
  const db = new BetterSqlite3(path, { readonly: true });
  // Above all that were ever given out, not only above those that are there.
  const [newest, last] = db
    .prepare<[], number>('SELECT pos FROM log ORDER BY pos DESC LIMIT 2')
    .pluck()
    .all();
  expect((newest ?? 0) - (last ?? 0)).toBeGreaterThan(50);
  db.close();
});

test('a person that was erased stays nobody', async () => {
  const { path, wide } = createWide();
  const store = await stores.open({ path });
  const ids = {
    identity_id: wide.users.at(-2) ?? '',
    conversation_id: wide.conversations.at(-2) ?? '',
  };
  await expect(store.getConversation(ids)).rejects.toMatchObject({ code: 'not_found' });
});

test('killed at any moment it is gone on from, not begun anew, and nothing is missing', async () => {
  const { path, wide, before } = createWide();
  const entry = join(__dirname, 'fixtures/compact-until-killed.ts');
  const program = bundleProgram(entry, stores.folder());
  let reached = 0;
  for (let kills = 0; kills < 4; kills += 1) {
    const child = fork(program, [path], { env: BUNDLE_ENV });
    const [first] = (await once(child, 'message')) as [number];
    expect(first).toBeGreaterThan(reached);
    reached = first;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
    expect(versionOf(path)).toBe(WIDE_STEPS.length);
  }
  const store = await stores.open({ path });
  await expectTheSame(store, { wide, before });
  expect(existsSync(`${path}.compacting`)).toBe(false);
});

test('what was copied from an older state of the file is not gone on from', async () => {
  const { path, wide, before } = createWide();
  const stop = new Error('stopped');
  const interrupted = makeCompact(path, {
    log: silent,
    chunk: 20,
    onChunk() {
      throw stop;
    },
  });
  await expect(interrupted).rejects.toBe(stop);
  // The program before it runs once more.
  for (const file of [path, before]) {
    const db = new BetterSqlite3(file);
    db.exec(
      "UPDATE messages SET content = 'changed' WHERE seq = 2; UPDATE meta SET value = 1001 WHERE key = 'rev'",
    );
    db.close();
  }
  await expectTheSame(await stores.open({ path }), { wide, before });
});

test('without room it says how much is missing, and the program before runs on', async () => {
  const { path } = createWide();
  const full = makeCompact(path, { log: silent, free: () => 2 ** 20 });
  await expect(full).rejects.toThrow(/\d+ MiB have to be free beside it, and 1 MiB are: make room/);
  expect(versionOf(path)).toBe(WIDE_STEPS.length);
  expect(existsSync(`${path}.compacting`)).toBe(false);
});

test('the log says what is to be done, how much room it takes, and when it is over', async () => {
  const { path } = createWide();
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  await makeCompact(path, { log: createLogger({ name: 'test', level: 'info', destination }) });
  expect(lines).toMatchObject([
    { done: 0, events: expect.any(Number), needed_mib: 1, expected_s: 1 },
    { msg: 'the store is compact', bytes: statSync(path).size },
  ]);
});

test('the file from before is removed after the days for which it is kept', async () => {
  const { path } = createWide();
  const clock = { ms: Date.now() };
  const store = await stores.open({ path, now: () => new Date(clock.ms) });
  const kept = () =>
    readdirSync(join(path, '..')).filter((name) => name.includes('before-compact'));
  const chore = store.chores.find(({ name }) => name === 'kept files');
  clock.ms += 7 * 24 * 3_600_000 - 60_000;
  await chore?.step();
  expect(kept()).toHaveLength(1);
  clock.ms += 120_000;
  await chore?.step();
  expect(kept()).toEqual([]);
});
