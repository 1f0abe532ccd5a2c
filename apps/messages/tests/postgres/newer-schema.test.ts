import { openPool } from '../../src/store/postgres/driver/open-pool';
import { migrate } from '../../src/store/postgres/schema/migrate';
import { createWorld, entriesOf } from '../conformance/world';
import { silent } from '../temp-store';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

/** As a later version adds to every table and to none takes away: columns, an index, a table of its own. */
const EXPAND = `
  DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace LOOP
      EXECUTE format('ALTER TABLE %I ADD COLUMN of_later text, ADD COLUMN counted_later bigint NOT NULL DEFAULT 7', name);
    END LOOP;
  END $$;
  CREATE INDEX log_later ON log (conversation, at);
  CREATE TABLE later (id bigint PRIMARY KEY)`;

/** What a replica of the next version does at its start. */
async function migrateFurther(url: string): Promise<number> {
  const [{ value } = { value: '' }] = await databases.query<{ value: string }>(
    url,
    `SELECT value FROM meta WHERE key = 'schema'`,
  );
  const known = Array.from({ length: Number(value) }, () => '');
  const pool = openPool({ url, connections: 1, log: silent });
  await migrate(pool, { log: silent, migrations: [...known, EXPAND] });
  await pool.end();
  return Number(value) + 1;
}

test('a replica goes on working, and starts, beside one of the next version that has added to the tables', async () => {
  const url = await databases.create();
  const store = await databases.open({ url });
  const world = await createWorld(async () => store);
  const talk = await world.talk({ agent: await world.agent('Ada') });
  const sends: Promise<{ seq: number }>[] = [];
  for (let n = 0; n < 20; n += 1) sends.push(world.send(talk, talk.user, `before ${n}`));
  // While they are under way.
  const version = await migrateFurther(url);
  expect((await Promise.all(sends)).map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
    sends.map((_, n) => n + 2),
  );

  const later = await databases.open({ url });
  const answer = await world.send(talk, talk.agent, 'answer');
  await world.change(talk, talk.agent, answer.id, { op: 'edit', content: 'better' });
  await world.change(talk, talk.user, answer.id, { op: 'react', emoji: '👍', set: true });
  await world.move('read', talk, talk.user, answer.seq);
  const gone = await world.talk({ user: talk.user });
  await store.deleteConversation({ identity_id: gone.user, conversation_id: gone.conversation });
  while (await store.purge());
  const list = (of: typeof store) => of.listConversations({ identity_id: talk.user, limit: 9 });
  expect((await list(store)).conversations).toMatchObject([
    { id: talk.conversation, last_message: { content: 'better' }, unread_count: 0 },
  ]);
  const [ofLater, ofStore] = [await list(later), await list(store)];
  expect(ofLater.conversations).toEqual(ofStore.conversations);
  expect((await entriesOf(later)).length + (await entriesOf(store)).length).toBeGreaterThan(0);
  // Nobody went back to what it knew.
  expect(await databases.query(url, `SELECT value FROM meta WHERE key = 'schema'`)).toEqual([
    { value: `${version}` },
  ]);
});
