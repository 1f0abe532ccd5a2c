import type { Logger } from '@agent-messenger/service-kit';
import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import { withPassingFaults } from '../../src/store/sqlite/passing-faults';
import { BY, refusal } from '../conformance/world';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

/** A database that takes no more pages than it has, as on a full disk. */
function fullDatabase() {
  const lines: unknown[] = [];
  const log = { error: (line: unknown) => lines.push(line) } as unknown as Logger;
  const db = new BetterSqlite3(join(stores.folder(), 'full.db'));
  db.exec('CREATE TABLE t (text TEXT CHECK (length(text) > 0))');
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const calls = withPassingFaults(
    {
      name: 'full',
      insert: async (text: string) => insert.run(text).changes,
      insertNow: (text: string) => insert.run(text).changes,
    },
    log,
  );
  return { db, calls, lines };
}

test('a full disk is `unavailable` with a hint, told once, and over when there is room', async () => {
  const { db, calls, lines } = fullDatabase();
  const large = 'x'.repeat(100_000);
  for (let tries = 0; tries < 2; tries += 1) {
    await expect(calls.insert(large)).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterMs: expect.any(Number),
      cause: expect.objectContaining({ code: 'SQLITE_FULL' }),
    });
  }
  expect(() => calls.insertNow(large)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  expect(lines).toEqual([expect.objectContaining({ sqlite: 'SQLITE_FULL' })]);
  db.pragma('max_page_count = 1000');
  expect(await calls.insert(large)).toBe(1);
  expect(calls.name).toBe('full');
  db.close();
});

test('what comes again goes through as it is', async () => {
  const { db, calls, lines } = fullDatabase();
  await expect(calls.insert('')).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_CHECK' });
  expect(lines).toEqual([]);
  db.close();
});

test('while somebody else holds the lock every write is `unavailable`, and soon to be tried again', async () => {
  const path = join(stores.folder(), 'messages.db');
  const store = await stores.open({ path });
  await store.checkCommits();
  const other = new BetterSqlite3(path);
  other.exec('BEGIN IMMEDIATE');
  const user = { username: 'ada', password_hash: 'h', by: BY };
  expect(await refusal(store.createUser(user))).toMatchObject({
    code: 'unavailable',
    retryAfterMs: 50,
  });
  expect(await store.listUsers({ limit: 1 })).toMatchObject({ users: [] });
  other.exec('COMMIT');
  other.close();
  expect(await store.createUser(user)).toMatchObject({ username: 'ada' });
});
