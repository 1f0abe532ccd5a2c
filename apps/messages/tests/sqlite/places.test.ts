import type { Operation } from '@agent-messenger/contracts';
import BetterSqlite3 from 'better-sqlite3';
import { join } from 'node:path';
import { takeBackup } from '../../src/store/sqlite/backup/take-backup';
import { openDatabase } from '../../src/store/sqlite/open-database';
import type { Store } from '../../src/store/store';
import { createWorld, refusal, sendOf, type Talk } from '../conformance/world';
import { bundleStoreProcess, openInProcess } from '../store-process';
import { silent } from '../temp-store';
import { useStoresWithoutTimers } from './fixtures/stores-without-timers';
import { watchWrites } from './fixtures/written-pages';

const stores = useStoresWithoutTimers();

/**
 * Members whose place is not that of the newest message, and those marked as pending who are not, or the other way
 * round.
 */
function wrongIn(path: string): { places: number; pending: number } {
  const db = new BetterSqlite3(path, { readonly: true });
  const count = (where: string) =>
    db
      .prepare<[], number>(
        `SELECT count(*) FROM members m JOIN conversations c ON c.n = m.conversation WHERE ${where}`,
      )
      .pluck()
      .get() ?? 0;
  const wrong = {
    places: count(
      `m.message_pos IS NOT (SELECT max(e.pos) FROM log e
         WHERE e.conversation = c.n AND c.deleted_at IS NULL AND m.left_seq IS NULL AND (e.seq = 1 OR e.id IS NOT NULL))`,
    ),
    pending: count(
      'm.pending <> (m.delivered_seq < min(ifnull(m.left_seq, c.last_seq), c.last_seq))',
    ),
  };
  db.close();
  return wrong;
}

async function listed(store: Store, identity_id: string, limit = 9): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listConversations({ identity_id, limit, ...(cursor && { cursor }) });
    ids.push(...page.conversations.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

async function openWorld() {
  const path = join(stores.folder(), 'messages.db');
  const world = await createWorld((options) => stores.open({ ...options, path }));
  return { path, world };
}

/** Three conversations of one person with one agent. */
async function threeTalks({ world }: Pick<Awaited<ReturnType<typeof openWorld>>, 'world'>) {
  const first = await world.talk();
  const { user, agent } = first;
  return [first, await world.talk({ user, agent }), await world.talk({ user, agent })] as const;
}

const idsOf = (...talks: Talk[]) => talks.map(({ conversation }) => conversation);

test('while nothing can be committed, who waits for a place is not told a listing without it', async () => {
  const opened = await openWorld();
  const { world, path } = opened;
  const [first, second, third] = await threeTalks(opened);
  const other = await world.talk();
  await listed(world.store, first.user);
  await listed(world.store, other.user);
  await world.send(first, first.user, 'to the top');
  const writer = new BetterSqlite3(path);
  writer.exec('BEGIN IMMEDIATE');
  expect(await refusal(listed(world.store, first.user))).toMatchObject({ code: 'unavailable' });
  expect(await listed(world.store, other.user)).toEqual(idsOf(other));
  writer.exec('COMMIT');
  writer.close();
  expect(await listed(world.store, first.user)).toEqual(idsOf(first, third, second));
});

test('a message in a conversation that is in use writes no row of members, its receipt one and no index', async () => {
  const { path, world } = await openWorld();
  const talk = await world.talk();
  const receive = async (seq: number) => {
    await world.append({ ...sendReceipt(talk, talk.user), seq });
  };
  await world.send(talk, talk.agent, 'the first');
  const writes = watchWrites(path);
  for (const seq of [3, 4, 5]) {
    const sent = await writes.during(() => world.send(talk, talk.agent, 'another'));
    expect(sent).toEqual([
      ...['conversations', 'log', 'log_by_client', 'log_by_message', 'log_by_seq'],
    ]);
    expect(await writes.during(() => receive(seq))).toEqual(['conversations', 'members']);
  }
  writes.close();
});

const sendReceipt = ({ conversation }: Talk, identity_id: string) => ({
  ...{ op: 'received', identity_id, conversation_id: conversation, epoch: null },
});

test('places are saved after a while, for many messages at once, and what was delivered is no longer pending', async () => {
  const { path, world } = await openWorld();
  const talks = await threeTalks({ world });
  for (const talk of talks) await world.send(talk, talk.user, 'hello');
  const [{ user, agent }] = talks;
  for (const talk of talks) {
    for (const who of [user, agent]) await world.move('received', talk, who, 2);
  }
  expect(wrongIn(path)).toEqual({ places: 6, pending: 6 });
  expect((await world.store.listPending({ identity_id: user, limit: 9 })).pending).toEqual([]);
  const writes = watchWrites(path);
  const saved = await writes.during(async () => {
    jest.advanceTimersByTime(5_000);
    // In the turn in which the timer asked for a commit.
    await world.store.connect({
      ...{ identity_id: user, credential_id: await world.session(user), epoch: 1, counterparts: 0 },
    });
  });
  writes.close();
  expect(wrongIn(path)).toEqual({ places: 0, pending: 0 });
  expect(saved.filter((name) => name.startsWith('members'))).toEqual(
    ['members', 'members_by_activity', 'members_pending'].sort(),
  );
});

test('many are saved in several transactions, and the log is noted as seen with the last', async () => {
  const { path, world } = await openWorld();
  const first = await world.talk();
  const { user: user_id, agent: agent_id } = first;
  const made = Array.from({ length: 450 }, () =>
    world.store.createConversation({ user_id, agent_id }),
  );
  const operations = (await Promise.all(made)).map(({ conversation: { id: conversation } }) =>
    sendOf({ ...first, conversation }, user_id, { client_id: conversation }),
  );
  await world.append(operations[0] ?? {});
  await world.store.append({ operations: operations.slice(1) as Operation[] });
  const db = new BetterSqlite3(path, { readonly: true });
  const offset = db.prepare("SELECT value FROM meta WHERE key = 'offset.places'").pluck();
  jest.advanceTimersByTime(5_000);
  for (const places of [900, 500, 100]) {
    expect(wrongIn(path).places).toBe(places);
    expect(offset.get()).toBe(0);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(wrongIn(path).places).toBe(0);
  expect(offset.get()).toBe(1 + 450 + 450);
  db.close();
});

test('whoever lists sees every place at once, in pages too, and nothing is saved for others', async () => {
  const { path, world } = await openWorld();
  const [a, b, c] = await threeTalks({ world });
  const elsewhere = await world.talk();
  for (const talk of [c, a, elsewhere, b]) await world.send(talk, talk.user, 'hello');
  expect(await listed(world.store, a.user)).toEqual(idsOf(b, a, c));
  expect(wrongIn(path).places).toBe(2);
  await world.send(c, c.agent, 'hello');
  expect(await listed(world.store, a.agent, 1)).toEqual(idsOf(c, b, a));
  expect(await listed(world.store, a.user, 1)).toEqual(idsOf(c, b, a));
});

test('a conversation that is deleted while its place waits stays gone', async () => {
  const { path, world } = await openWorld();
  const [a, b] = await threeTalks({ world });
  await world.send(a, a.user, 'hello');
  await world.store.deleteConversation({ identity_id: a.user, conversation_id: a.conversation });
  expect(await listed(world.store, a.user)).not.toContain(a.conversation);
  while (await world.store.purge()) continue;
  await world.send(b, b.user, 'hello');
  await world.store.close();
  // The last event of the deleted one is on its way to both.
  expect(wrongIn(path)).toEqual({ places: 0, pending: 0 });
});

test('a process that is killed leaves places in the log: whoever opens the file or a backup of it has them', async () => {
  jest.useRealTimers();
  const folder = stores.folder();
  const path = join(folder, 'messages.db');
  const { store, kill } = await openInProcess(bundleStoreProcess(folder), path);
  const world = await createWorld(async () => store);
  const [a, b, c] = await threeTalks({ world });
  for (const talk of [b, c, a]) await world.send(talk, talk.user, 'hello');
  // Saves these; what comes next is saved by nobody.
  expect(await listed(store, a.user)).toEqual(idsOf(a, c, b));
  for (const talk of [c, b]) await world.send(talk, talk.agent, 'again');
  await world.move('received', c, c.user, 3);
  const backup = await takeBackup(path, join(folder, 'backups'));
  await kill();

  for (const file of [backup.file, path]) {
    expect(wrongIn(file)).toEqual({ places: 4, pending: 1 });
    (await openDatabase(file, silent)).close();
    expect(wrongIn(file)).toEqual({ places: 0, pending: 0 });
  }
  const again = await stores.open({ path });
  expect(await listed(again, a.user, 1)).toEqual(idsOf(b, c, a));
  const { results } = await again.append({
    operations: [sendOf(a, a.user, { client_id: 'after' })],
  });
  expect(results).toMatchObject([{ ok: true }]);
  expect(await listed(again, a.agent, 1)).toEqual(idsOf(a, b, c));
});
