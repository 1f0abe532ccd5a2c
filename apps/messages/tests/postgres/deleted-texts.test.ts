import { startPostgres, type PostgresProcess } from '@agent-messenger/testkit';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store';
import { scrubDatabase } from '../../src/store/postgres/scrub';
import type { Store } from '../../src/store/store';
import { createWorld } from '../conformance/world';
import { SECRET, silent } from '../temp-store';

let server: PostgresProcess;
let store: Store;
let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  // What it does by itself, and when, is not what is tested. Segments that are not needed any more are removed, not
  // used again.
  server = await startPostgres({ settings: { autovacuum: 'off', wal_recycle: 'off' } });
  store = await openPostgresStore({ url: server.url, secret: SECRET, log: silent });
  world = await createWorld(async () => store);
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

/** Files below this folder of the server with that in them. */
function filesWith(text: string, folder: 'base' | 'pg_wal'): string[] {
  return readdirSync(join(server.dir, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

/** The store's database, for the superuser. */
function ownUrl(): string {
  const { pathname } = new URL(server.url);
  return Object.assign(new URL(server.adminUrl), { pathname }).href;
}

async function query(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: ownUrl() });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  await client.end();
}

test.each([
  ['short', ''],
  // Kept apart from its row, and not compressed.
  ['long', randomBytes(9_000).toString('base64')],
])(
  'a %s text that was deleted is out of the tables at once, and out of the files after a scrub',
  async (_size, rest) => {
    const text = `never-to-be-seen-${process.hrtime.bigint()}`;
    const talk = await world.talk();
    const sent = await world.send(talk, talk.user, `${text} ${rest}`);
    const edited = await world.send(talk, talk.user, 'first');
    await world.change(talk, talk.user, edited.id, { op: 'edit', content: `${text} ${rest}` });
    // As autovacuum does: samples of what is in the tables are kept apart from them.
    await query('ANALYZE', 'CHECKPOINT');
    expect(filesWith(text, 'base')).not.toEqual([]);

    await world.change(talk, talk.user, sent.id, { op: 'delete' });
    await world.change(talk, talk.user, edited.id, { op: 'edit', content: 'last' });
    const page = await store.listMessages({
      identity_id: talk.user,
      conversation_id: talk.conversation,
      limit: 9,
    });
    expect(JSON.stringify(page)).not.toContain(text);
    // Old versions of rows remain, and so does what was written of them; a vacuum alone does not overwrite them.
    await query('CHECKPOINT');
    expect(filesWith(text, 'base')).not.toEqual([]);

    expect(await scrubDatabase(ownUrl(), { log: silent, say: () => undefined })).toMatchObject({
      ...{ kept: 0, is_log_switched: true },
    });
    expect(filesWith(text, 'base')).toEqual([]);
    expect(filesWith(text, 'pg_wal')).toEqual([]);
    expect((await world.send(talk, talk.user, 'goes on')).seq).toBeGreaterThan(2);
  },
  60_000,
);

test('what an open transaction may see remains, and is said; a role without the privilege leaves the write-ahead log to others', async () => {
  const text = `seen-by-somebody-${process.hrtime.bigint()}`;
  const talk = await world.talk();
  const sent = await world.send(talk, talk.user, text);
  const reader = new Client({ connectionString: ownUrl() });
  await reader.connect();
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM meta');
  await world.change(talk, talk.user, sent.id, { op: 'delete' });
  const scrub = () => scrubDatabase(server.url, { log: silent, say: () => undefined });
  const { kept, is_log_switched } = await scrub();
  expect(kept).toBeGreaterThan(0);
  expect(is_log_switched).toBe(false);
  expect(filesWith(text, 'base')).not.toEqual([]);

  await reader.query('COMMIT');
  expect(await scrub()).toMatchObject({ kept: 0 });
  await query('CHECKPOINT');
  expect(filesWith(text, 'base')).toEqual([]);

  // A lock that is kept: nobody waits for ever.
  await reader.query('BEGIN; LOCK TABLE log IN ACCESS SHARE MODE');
  const impatient = { log: silent, say: () => undefined, tries: 1 };
  await expect(scrubDatabase(server.url, impatient)).rejects.toMatchObject({ code: '55P03' });
  await reader.end();
}, 60_000);
