import BetterSqlite3 from 'better-sqlite3';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/sqlite/open-database';
import { bringUpToDate, COMPACT_VERSION, takeWideSteps } from '../../src/store/sqlite/schema/steps';
import { WIDE_STEPS } from '../../src/store/sqlite/schema/wide-steps';
import { BY, entriesOf, refusal } from '../conformance/world';
import { createReleasedDatabase, readTables, type Tables } from './fixtures/released-database';
import { BUNDLE_ENV, bundleProgram } from '../bundle-program';
import { createTempStores, silent } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

/** Schemas that have been released, before the compact one, and have to be taken over. */
const RELEASED = WIDE_STEPS.map((_step, index) => index + 1);
/** What a step took away on purpose. */
const DROPPED = new Set([
  'members.pushed_seq',
  'members.pushed_at',
  'sessions.used_digest',
  'sessions.used_at',
  'conversations.message_pos',
]);

function createOld(version: number): string {
  const path = join(stores.folder(), 'messages.db');
  createReleasedDatabase(path, version);
  return path;
}

/** What is not as it was: rows, and columns that are there no more. */
function losses(before: Tables, after: Tables): string[] {
  return [...before].flatMap(([table, rows]) => {
    const now = after.get(table);
    if (now?.length !== rows.length) return [`${table}: ${rows.length} rows, now ${now?.length}`];
    return rows.flatMap((row, index) =>
      Object.entries(row).flatMap(([column, value]) => {
        const name = `${table}.${column}`;
        const is = JSON.stringify(now[index]?.[column]);
        const was = JSON.stringify(value);
        return is === was || DROPPED.has(name) ? [] : [`${name}: ${was}, now ${is}`];
      }),
    );
  });
}

/** What is lost when a database of this schema goes through the steps that it has not seen. */
function upgrade(version: number, steps: readonly string[]): string[] {
  const path = createOld(version);
  const before = readTables(path);
  const db = new BetterSqlite3(path);
  db.pragma('foreign_keys = ON');
  takeWideSteps(db, steps);
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(db.pragma('foreign_key_check')).toEqual([]);
  db.close();
  return losses(before, readTables(path));
}

test('there is something in every table of every released schema', () => {
  for (const version of RELEASED) {
    const empty = [...readTables(createOld(version))].filter(([, rows]) => rows.length === 0);
    expect(empty).toEqual([]);
  }
});

test.each(RELEASED)('schema %i becomes the last wide one with every row and value', (version) => {
  expect(upgrade(version, WIDE_STEPS)).toEqual([]);
});

test.each([
  ['loses rows', 1, 1, /INSERT INTO events_2 SELECT[^;]*;/, ''],
  ['mixes up columns', 1, 1, 'at, message_id, data FROM', "'2030', message_id, data FROM"],
  ['drops a column', 3, 3, 'ALTER', 'ALTER TABLE users DROP COLUMN password_hash; ALTER'],
  ['writes over values', 4, 4, /$/, "UPDATE agent_keys SET key_hash = '';"],
] as const)('a step that %s is found out', (_what, version, index, part, replacement) => {
  const broken = WIDE_STEPS.map((step, n) =>
    n === index ? step.replace(part, replacement) : step,
  );
  expect(broken).not.toEqual(WIDE_STEPS);
  expect(upgrade(version, broken)).not.toEqual([]);
});

test.each(RELEASED)('what a store of schema %i knew works as before', async (version) => {
  const path = createOld(version);
  const now = () => new Date('2030-01-02T00:00:00.000Z');
  const store = await stores.open({ path, now });
  const user = { identity_id: 'usr_1', conversation_id: 'cnv_1' };

  expect(store.logId).toBe('log_kept');
  expect([await store.lagOf('relay'), await store.lagOf('push')]).toMatchObject([
    { events: 0 },
    { events: 1 },
  ]);
  expect((await store.findUser({ username: 'ada' })).user).toEqual({
    user_id: 'usr_1',
    password_hash: 'hash-ada',
    disabled: false,
  });
  const taken = store.createUser({ username: 'bob', password_hash: 'h', by: BY });
  expect((await refusal(taken)).code).toBe('conflict');
  expect(await store.getUser({ user_id: 'usr_1' })).toMatchObject({
    sessions: 1,
    devices: 1,
    conversations: 1,
  });
  const session = { identity_id: 'usr_1', credential_id: 'ses_1' };
  expect(await store.authorize(session)).toEqual({ epoch: 7 });
  const ended = store.authorize({ ...session, credential_id: 'ses_2' });
  expect((await refusal(ended)).code).toBe('unauthorized');
  const key = { agent_id: 'agt_1', key_hash: 'hash-1', expires_at: null };
  expect(await store.findAgentKey({ key_id: 'key1' })).toEqual({ key });
  expect(await store.findAgentKey({ key_id: 'key0' })).toEqual({ key: null });
  const { keys } = await store.listAgentKeys({ agent_id: 'agt_1', limit: 9 });
  expect(keys.map(({ key_id, name }) => [key_id, name])).toEqual([
    ['key1', 'key'],
    ['key0', 'key'],
  ]);
  expect(await store.authorize({ identity_id: 'agt_1', credential_id: 'key1' })).toEqual({
    epoch: 3,
  });

  const listed = await store.listConversations({ identity_id: 'usr_1', limit: 9 });
  expect(listed.conversations).toMatchObject([
    {
      id: 'cnv_1',
      title: 'A talk',
      delivered_seq: 2,
      read_seq: 1,
      unread_count: 1,
      tags: ['work'],
    },
  ]);
  const { messages } = await store.listMessages({ ...user, limit: 9 });
  const reactions = version < 2 ? [] : [{ emoji: '👍', identity_ids: ['usr_1'] }];
  expect(messages).toMatchObject([
    { id: 'msg_1', content: 'question', reactions: [] },
    { id: 'msg_2', content: 'answer', metadata: { a: 1 }, reactions },
  ]);
  // What was relayed is not relayed again.
  expect(await entriesOf(store)).toEqual([]);
  expect((await store.listAudit({ limit: 9 })).entries).toHaveLength(version < 5 ? 0 : 1);
  const push = await store.pushState({
    user_id: 'usr_1',
    device_id: 'phone',
    conversation_id: 'cnv_1',
  });
  expect(push.push).toMatchObject({ seq: 3, device: { token: 'token', platform: 'apns' } });

  const send = { op: 'send', epoch: null, conversation_id: 'cnv_1' } as const;
  const { results } = await store.append({
    operations: [
      { ...send, identity_id: 'usr_1', client_id: 'c1', content: 'question' },
      { ...send, identity_id: 'usr_1', client_id: 'c3', content: 'more' },
    ],
  });
  expect(results).toMatchObject([
    { sent: { duplicate: true, message: { id: 'msg_1' } } },
    { sent: { duplicate: false, message: { seq: 4 } } },
  ]);
  expect((await entriesOf(store)).map(({ event, to }) => [event.seq, to.length])).toEqual([[4, 2]]);

  const rotation = { expires_at: '2099-01-01T00:00:00.000Z', by: BY };
  const rotate = (refresh_digest: string, next_digest: string) =>
    store.rotateSession({ refresh_digest, next_digest, ...rotation });
  expect((await rotate('current', 'next')).session).toMatchObject({ session_id: 'ses_1' });
  expect(await rotate('rotated', 'x')).toMatchObject({
    session: null,
    ended: [{ credential_id: 'ses_1' }],
  });
});

test('a conversation is where its last message was put, or its creation', () => {
  const path = createOld(6);
  const db = new BetterSqlite3(path);
  db.exec(`
    INSERT INTO events (pos, conversation_id, seq, type, actor_id, at, message_id)
      VALUES (20, 'cnv_1', 4, 'reaction.set', 'agt_1', '2030', 'msg_1');
    UPDATE conversations SET last_seq = 4, last_pos = 20 WHERE id = 'cnv_1';
    INSERT INTO conversations (id, created_at, created_by, digest, last_seq, last_pos, rev)
      VALUES ('cnv_3', '2030', 'usr_2', x'00', 2, 22, 40);
    INSERT INTO events (pos, conversation_id, seq, type, actor_id, at)
      VALUES (21, 'cnv_3', 1, 'conversation.created', 'usr_2', '2030'),
        (22, 'cnv_3', 2, 'conversation.updated', 'usr_2', '2030');
    INSERT INTO members (conversation_id, identity_id, joined_seq, delivered_seq, rev)
      VALUES ('cnv_2', 'usr_2', 1, 8, 3), ('cnv_3', 'usr_2', 1, 2, 3);`);
  takeWideSteps(db);
  const read = db.prepare(
    'SELECT conversation_id, identity_id, message_pos, pending FROM members ORDER BY 1, 2',
  );
  expect(read.raw().all()).toEqual([
    ['cnv_1', 'agt_1', 5, 1],
    ['cnv_1', 'usr_1', 5, 1],
    ['cnv_2', 'usr_2', null, 1],
    ['cnv_3', 'usr_2', 21, 0],
  ]);
  const talks = db
    .prepare("SELECT id, talks FROM identities WHERE id <> 'usr_9' ORDER BY id")
    .raw();
  expect(talks.all()).toEqual([
    ['agt_1', 1],
    ['usr_1', 1],
    ['usr_2', 0],
  ]);
  db.close();
});

test('a newer schema is refused, and the file left as it was', async () => {
  const path = join(stores.folder(), 'messages.db');
  const newer = await openDatabase(path, silent);
  newer.db.pragma('user_version = 999');
  newer.close();
  const before = readTables(path);
  await expect(openDatabase(path, silent)).rejects.toThrow(
    /schema version 999, this program knows up to \d+: run the newer program, or restore a backup/,
  );
  const raw = new BetterSqlite3(path);
  expect(raw.pragma('user_version', { simple: true })).toBe(999);
  raw.close();
  expect(readTables(path)).toEqual(before);
});

test('all steps of an upgrade are one transaction: when one fails, the program before runs on', () => {
  const path = createOld(2);
  const before = readTables(path);
  const db = new BetterSqlite3(path);
  const broken = [...WIDE_STEPS.slice(0, 4), 'CREATE TABLE c (n); CREATE TABLE c (n)'];
  expect(() => takeWideSteps(db, broken)).toThrow(/already exists/);
  expect(db.pragma('user_version', { simple: true })).toBe(2);
  takeWideSteps(db, WIDE_STEPS.slice(0, 2));
  db.close();
  expect(readTables(path)).toEqual(before);
});

test('steps run once each', () => {
  const db = new BetterSqlite3(':memory:');
  bringUpToDate(db, 'x', ['CREATE TABLE a (n)']);
  bringUpToDate(db, 'x', ['CREATE TABLE a (n)', 'CREATE TABLE b (n)']);
  bringUpToDate(db, 'x', ['CREATE TABLE a (n)', 'CREATE TABLE b (n)']);
  expect(db.pragma('user_version', { simple: true })).toBe(COMPACT_VERSION + 2);
  db.close();
});

test('of processes that are started at once on an old file one upgrades it, the others are refused', async () => {
  const entry = join(__dirname, 'fixtures', 'open-database.ts');
  const program = bundleProgram(entry, stores.folder());
  for (const version of [1, 5, WIDE_STEPS.length]) {
    const path = createOld(version);
    const events = readTables(path).get('events')?.length;
    const children: ChildProcess[] = [];
    try {
      for (let n = 0; n < 3; n += 1) children.push(fork(program, [path], { env: BUNDLE_ENV }));
      const answers = await Promise.all(
        children.map(async (child) => {
          const [answer] = await once(child, 'message');
          return answer as { opened: boolean; message?: string };
        }),
      );
      expect(answers.filter(({ opened }) => opened)).toHaveLength(1);
      for (const { opened, message } of answers) {
        if (!opened) expect(message).toMatch(/is in use by another process/);
      }
    } finally {
      await Promise.all(
        children.map(async (child) => {
          const exit = once(child, 'exit');
          child.kill('SIGKILL');
          await exit;
        }),
      );
    }
    const { db, close } = await openDatabase(path, silent);
    expect(db.pragma('user_version', { simple: true })).toBe(COMPACT_VERSION);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.prepare('SELECT count(*) FROM log').pluck().get()).toBe(events);
    close();
  }
});
