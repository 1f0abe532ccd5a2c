import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import type { StoreHandle } from '../conformance/systems';
import { createWorld, entriesOf, sendOf } from '../conformance/world';
import { bundleStoreProcess, openInProcess } from '../store-process';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

const lastOf = (db: BetterSqlite3.Database) =>
  Number(db.prepare('SELECT max(pos) FROM log').pluck().get());

test('a position is given out once: the last rows were purged, the process killed, an older program was there', async () => {
  const folder = stores.folder();
  const path = join(folder, 'messages.db');
  const program = bundleStoreProcess(folder);
  let handle: StoreHandle = await openInProcess(program, path);
  const world = await createWorld(async () => handle.store);
  const kept = await world.talk();
  const purged = await world.talk();
  await world.send(purged, purged.user, 'the last');
  await handle.kill();

  const raw = new BetterSqlite3(path);
  const last = lastOf(raw);
  raw
    .prepare('DELETE FROM log WHERE conversation = (SELECT n FROM conversations WHERE id = ?)')
    .run(purged.conversation);
  // Of an older program, which leaves positions to SQLite.
  raw.exec(
    `INSERT INTO log (conversation, seq, type, actor, at) SELECT conversation, 2, type, actor, at FROM log WHERE pos = 1;
     UPDATE conversations SET last_seq = 2 WHERE n = 1`,
  );
  const older = lastOf(raw);
  raw.close();
  expect(older).toBeGreaterThan(last);

  handle = await openInProcess(program, path);
  const again = await createWorld(async () => handle.store);
  await again.send(kept, kept.user, 'after all of it');
  const seqs = (await entriesOf(handle.store)).map(({ event }) => event.seq);
  expect(seqs).toEqual([1, 2, 3]);
  await handle.kill();
  const end = new BetterSqlite3(path);
  expect(lastOf(end)).toBeGreaterThan(older);
  end.close();
});

test('who closes leaves no gap', async () => {
  const path = join(stores.folder(), 'messages.db');
  const first = await stores.open({ path });
  const talk = await (await createWorld(async () => first)).talk();
  await first.close();
  const second = await stores.open({ path });
  await second.append({ operations: [sendOf(talk, talk.user, { client_id: 'a' })] });
  const raw = new BetterSqlite3(path, { readonly: true });
  expect(lastOf(raw)).toBe(2);
  raw.close();
});
