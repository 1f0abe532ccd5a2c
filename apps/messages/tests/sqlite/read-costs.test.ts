import BetterSqlite3, { type Database } from 'better-sqlite3';
import { join } from 'node:path';
import { createAccess } from '../../src/store/sqlite/access';
import { createAuditLog } from '../../src/store/sqlite/audit';
import { createConnections } from '../../src/store/sqlite/connections';
import { createConversationReader } from '../../src/store/sqlite/conversation-reader';
import { createConversations } from '../../src/store/sqlite/conversations';
import { createCredentials } from '../../src/store/sqlite/credentials';
import { createEventWriter } from '../../src/store/sqlite/event-writer';
import { RecentEntries } from '../../src/store/sqlite/recent-entries';
import { openDatabase } from '../../src/store/sqlite/open-database';
import { createPlaces } from '../../src/store/sqlite/places';
import { createQuotas } from '../../src/store/sqlite/quotas';
import { createSessions } from '../../src/store/sqlite/sessions';
import { createSqlite } from '../../src/store/sqlite/sqlite';
import { BY, createWorld } from '../conformance/world';
import { createTempStores, SECRET, silent } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

/** The same database, which notes the statements that are used. */
function noting(db: Database, used: Set<string>): Database {
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'prepare') return value.bind(target) as unknown;
      return (sql: string) => notingUse(target.prepare(sql), () => used.add(sql));
    },
  });
}

function notingUse<S extends object>(statement: S, note: () => void): S {
  return new Proxy(statement, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name !== 'pluck' && name !== 'raw') note();
        const result: unknown = Reflect.apply(value, target, args);
        return result === target ? notingUse(target, note) : result;
      };
    },
  });
}

describe('a read walks an index in the order of its answer, and sorts nothing', () => {
  async function open() {
    const { db, close } = await openDatabase(join(stores.folder(), 'messages.db'), silent);
    const used = new Set<string>();
    const now = () => new Date();
    const sqlite = createSqlite(noting(db, used), { secret: SECRET, now });
    const access = createAccess(sqlite);
    const none = { perDay: 0, inAll: 0 };
    const storage = {
      limits: { person: none, agent: none, address: none },
      isLow: () => false,
      onRefusal: () => undefined,
    };
    const places = createPlaces(sqlite);
    const parts = {
      ...createConnections(sqlite, {
        ...{ access, credentials: createCredentials(sqlite), places },
        sessions: createSessions(sqlite, createAuditLog(sqlite)),
      }),
      ...createConversations(sqlite, {
        access,
        events: createEventWriter(sqlite, { places, recent: new RecentEntries() }),
        quotas: createQuotas(sqlite, storage),
        reader: createConversationReader(sqlite),
        most: 10,
      }),
    };
    db.exec(`
      INSERT INTO identities (id, kind, name, created_at) VALUES ('usr_1', 'user', 'ada', '2030');
      INSERT INTO users (id, password_hash) VALUES ('usr_1', 'hash');
      INSERT INTO identities (n, id, kind, name, created_at) VALUES (7, 'agt_1', 'agent', 'Echo', '2030');
      INSERT INTO agents (n, id) VALUES (7, 'agt_1');
      INSERT INTO sessions (id, user_id, refresh_digest, created_at, expires_at)
        VALUES ('ses_1', 'usr_1', 'digest', '2030', '2099');`);
    used.clear();
    const plans = (about = 'members') =>
      [...used]
        .filter((sql) => sql.includes(about))
        .flatMap((sql) =>
          db
            .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
            .all(...Array.from(sql.matchAll(/\?/g), () => 0))
            .map(({ detail }) => detail),
        );
    return { parts, plans, close };
  }
  const identity_id = 'usr_1';
  type Parts = Awaited<ReturnType<typeof open>>['parts'];
  const reads: [string, (parts: Parts) => Promise<unknown>, string[]][] = [
    [
      'a listing',
      (parts) => parts.listConversations({ identity_id, limit: 9 }),
      ['members_by_activity (identity=? AND message_pos>? AND message_pos<?)'],
    ],
    [
      'a connect',
      (parts) =>
        parts.connect({ identity_id, credential_id: 'ses_1', epoch: 1, counterparts: 200 }),
      [
        'members_pending (identity=? AND conversation>?)',
        'members_by_activity (identity=? AND message_pos>?)',
      ],
    ],
    ['the count of conversations', (parts) => parts.countConversations({ identity_id }), []],
  ];
  test.each(reads)('%s', async (_name, read, indexes) => {
    const { parts, plans, close } = await open();
    await read(parts);
    const found = plans();
    close();
    // `m` is what a bounded walk found.
    expect(found.filter((detail) => /USE TEMP B-TREE|^SCAN (?!m$)/.test(detail))).toEqual([]);
    const walked = found.flatMap((detail) => /INDEX (members_\w+ .*)$/.exec(detail)?.[1] ?? []);
    expect(walked).toEqual(indexes);
  });

  test('the count of unread messages needs none of them', async () => {
    const { parts, plans, close } = await open();
    await parts.createConversation({ user_id: identity_id, agent_id: 'agt_1' });
    expect(plans('counts')).toContainEqual(
      'SEARCH log USING COVERING INDEX log_by_seq (conversation=? AND seq>?)',
    );
    close();
  });

  test('what is gone since a listing', async () => {
    const { parts, plans, close } = await open();
    const { sync_token } = await parts.listConversations({ identity_id, limit: 9 });
    await parts.listConversations({ identity_id, limit: 9, since: sync_token });
    expect(plans()).toContainEqual(
      expect.stringMatching(/INDEX members_gone \(identity=\? AND rev>\?\)$/),
    );
    close();
  });
});

test('what changed among many conversations comes in pages that each look at a thousand', async () => {
  const world = await createWorld((options) => stores.open(options));
  const { store } = world;
  const user_id = await world.user();
  const agent_id = await world.agent();
  const make = async () => (await store.createConversation({ user_id, agent_id })).conversation.id;
  const oldest = await make();
  // At once: they share a commit, and with it the wait for the disk.
  await Promise.all(Array.from({ length: 2_000 }, make));
  const list = (query: object) =>
    store.listConversations({ identity_id: user_id, limit: 200, ...query });
  const { sync_token: since } = await list({});
  await store.updateConversation({ identity_id: user_id, conversation_id: oldest, muted: true });

  const pages: string[][] = [];
  let query: { since: string; cursor?: string } | undefined = { since };
  while (query) {
    const { conversations, next_cursor } = await list(query);
    pages.push(conversations.map(({ id }) => id));
    query = next_cursor === null ? undefined : { since, cursor: next_cursor };
  }
  expect(pages).toEqual([[], [], [oldest]]);
  // Exactly as many as a page looks at leave nothing for another one.
  await store.deleteConversation({ identity_id: user_id, conversation_id: oldest });
  const second = await list({ since });
  const third = await list({ since, cursor: second.next_cursor ?? '' });
  expect([second.conversations, third.conversations, third.next_cursor]).toEqual([[], [], null]);
}, 60_000);

test('what reads go by is what the tables say, whatever was done', async () => {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld((options) => stores.open({ ...options, path }));
  const { store } = world;
  const raw = new BetterSqlite3(path, { readonly: true });
  const talk = await world.talk();
  const check = async () => {
    // Whose listings are read.
    for (const identity_id of [talk.user, talk.agent]) {
      await store.listConversations({ identity_id, limit: 9 });
    }
    const wrong = raw.prepare(
      `SELECT m.conversation FROM members m JOIN conversations c ON c.n = m.conversation
       WHERE m.pending < (m.delivered_seq < min(coalesce(m.left_seq, c.last_seq), c.last_seq))
         OR m.message_pos IS NOT (SELECT max(e.pos) FROM log e
           WHERE e.conversation = c.n AND c.deleted_at IS NULL AND m.left_seq IS NULL
             AND (e.seq = 1 OR e.id IS NOT NULL))`,
    );
    expect(wrong.all()).toEqual([]);
    const miscounted = raw.prepare(
      `SELECT id FROM identities i WHERE talks <> (SELECT count(*) FROM members m
         JOIN conversations c ON c.n = m.conversation AND c.deleted_at IS NULL
         WHERE m.identity = i.n AND m.left_seq IS NULL
           AND EXISTS (SELECT 1 FROM log x WHERE x.conversation = c.n AND x.id IS NOT NULL))`,
    );
    expect(miscounted.all()).toEqual([]);
  };
  await check();
  const message = await world.send(talk, talk.user, 'one');
  await check();
  await world.send(talk, talk.agent, 'two');
  await world.move('received', talk, talk.user, message.seq);
  await check();
  await world.move('received', talk, talk.user, 99);
  await world.move('read', talk, talk.agent, 1);
  await check();
  await world.change(talk, talk.user, message.id, { op: 'edit', content: 'One' });
  await world.change(talk, talk.agent, message.id, { op: 'react', emoji: '👍', set: true });
  await check();
  await world.change(talk, talk.user, message.id, { op: 'delete' });
  const owned = { identity_id: talk.user, conversation_id: talk.conversation };
  await store.updateConversation({ ...owned, title: 'A title', muted: true });
  await check();
  const other = await world.talk({ user: talk.user, agent: talk.agent });
  const silent = await world.talk({ user: talk.user });
  await world.send(other, other.user, 'three');
  await check();
  expect(await store.countConversations({ identity_id: talk.agent })).toEqual({ conversations: 2 });
  await store.deleteConversation(owned);
  await store.deleteConversation({ ...owned, conversation_id: silent.conversation });
  await check();
  expect(await store.countConversations({ identity_id: talk.agent })).toEqual({ conversations: 1 });
  await store.eraseUser({ user_id: talk.user, by: BY });
  while (await store.purge()) await check();
  await check();
  expect(await store.countConversations({ identity_id: talk.agent })).toEqual({ conversations: 0 });
  raw.close();
});
