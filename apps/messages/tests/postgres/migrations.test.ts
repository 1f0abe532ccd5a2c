import { openPool } from '../../src/store/postgres/driver/open-pool';
import { migrate } from '../../src/store/postgres/schema/migrate';
import { TABLES } from '../../src/store/postgres/schema/tables';
import { numberOf } from '../../src/store/message-rows';
import type { Operation } from '@agent-messenger/contracts';
import { silent } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

const [OLDER, NEWER, DELETED] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
const [USER, AGENT] = ['usr_one', 'agt_one'];
const FILL = `
  INSERT INTO identities (n, id, kind, name, created_at) OVERRIDING SYSTEM VALUE
    VALUES (1, '${USER}', 'user', 'one', ''), (2, '${AGENT}', 'agent', 'One', '');
  INSERT INTO users (id, password_hash) VALUES ('${USER}', '');
  INSERT INTO agents (n, id) VALUES (2, '${AGENT}');
  INSERT INTO conversations (id, created_by, last_seq, rev, created_at, digest, deleted_at) VALUES
    ('${OLDER}', 1, 1, 1, '', '', NULL), ('${NEWER}', 1, 1, 1, '', '', NULL),
    ('${DELETED}', 1, 2, 1, '', '', '2999-01-01T00:00:00.000Z');
  INSERT INTO members (conversation, identity, joined_seq, rev, activity, pending, delivered_seq)
    SELECT c.id, i.n, 1, 3, CASE c.id WHEN '${OLDER}' THEN 5 WHEN '${NEWER}' THEN 9 END,
      c.id = '${OLDER}' AND i.n = 2, CASE WHEN c.id = '${OLDER}' AND i.n = 2 THEN 0 ELSE 1 END
    FROM conversations c, identities i;
  INSERT INTO log (conversation, seq, actor, at, type, data)
    SELECT id, 1, 1, 0, ${numberOf('conversation.created')}, '{}' FROM conversations;
  SELECT setval('activity', 99);`;

test('a database of the first version keeps its listings, and what is on its way', async () => {
  await databases.query(databases.server.adminUrl, 'CREATE DATABASE first OWNER messenger');
  const url = Object.assign(new URL(databases.server.url), { pathname: 'first' }).href;
  const pool = openPool({ url, connections: 1, log: silent });
  await migrate(pool, { log: silent, migrations: [TABLES] });
  await pool.query(FILL);
  await pool.end();

  const store = await databases.open({ url });
  const listed = async (identity_id: string) =>
    (await store.listConversations({ identity_id, limit: 9 })).conversations.map(({ id }) => id);
  const pending = async (identity_id: string) =>
    (await store.listPending({ identity_id, limit: 9 })).pending.map(
      (each) => each.conversation_id,
    );
  expect(await listed(USER)).toEqual([`cnv_${NEWER}`, `cnv_${OLDER}`]);
  expect(await listed(AGENT)).toEqual([`cnv_${NEWER}`, `cnv_${OLDER}`]);
  expect([await pending(USER), await pending(AGENT)]).toEqual([[], [`cnv_${OLDER}`]]);
  expect(
    await databases.query(url, 'SELECT DISTINCT conversation, gone_rev FROM members ORDER BY 1'),
  ).toMatchObject([{ gone_rev: null }, { gone_rev: null }, { gone_rev: '3' }]);

  const send = { op: 'send', conversation_id: `cnv_${OLDER}`, identity_id: USER, epoch: null };
  const received = { ...send, op: 'received', identity_id: AGENT, seq: 2 };
  const { results } = await store.append({
    operations: [{ ...send, client_id: 'c', content: 'hi' }, received] as Operation[],
  });
  expect(results).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await listed(AGENT)).toEqual([`cnv_${OLDER}`, `cnv_${NEWER}`]);
  expect([await pending(USER), await pending(AGENT)]).toEqual([[`cnv_${OLDER}`], []]);
});
