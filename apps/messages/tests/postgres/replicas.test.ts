import type { Operation } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { Client } from 'pg';
import type { Store } from '../../src/store/store';
import {
  catchUp,
  createWorld,
  entriesOf,
  sendOf,
  type Talk,
  type World,
} from '../conformance/world';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  databases = await startDatabases();
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

/** A transaction that writes a message with this text stands still before its commit, while somebody has the lock. */
const HOLD = `
  CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.content = 'held') EXECUTE FUNCTION hold();`;
const HELD = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;

interface Two {
  url: string;
  a: Store;
  b: Store;
  world: World;
}

async function openTwo(): Promise<Two> {
  const url = await databases.create();
  const a = await databases.open({ url });
  const b = await databases.open({ url });
  return { url, a, b, world: await createWorld(async () => a) };
}

/** Whoever commits a message `held` waits until it is released. */
async function holdCommits(
  url: string,
): Promise<{ held(): Promise<void>; release(): Promise<void> }> {
  await databases.query(url, HOLD);
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT pg_advisory_lock(1)');
  return {
    async held() {
      await waitFor(async () => (await databases.query(url, HELD)).length > 0);
    },
    release: () => client.end(),
  };
}

const append = (store: Store, talk: Talk, more: object) =>
  store.append({ operations: [sendOf(talk, talk.user, more) as Operation] });
const list = (store: Store, talk: Talk, since?: string) =>
  store.listConversations({ identity_id: talk.user, limit: 9, since });

test('what commits after later ones is missed neither by consumers nor by sync tokens', async () => {
  const { url, a, b, world } = await openTwo();
  const slow = await world.talk();
  const quick = await world.talk({ user: slow.user });
  const hold = await holdCommits(url);
  const before = await list(a, slow);
  const late = append(b, slow, { client_id: 'late', content: 'held' });
  await hold.held();
  await append(a, quick, { client_id: 'quick' });
  for (const consumer of ['relay', 'push', 'unseen'] as const) await catchUp(a, consumer);
  // What it is done with others are given, too, unless it is out of the outbox within a second of its commit.
  await waitFor(async () => (await b.lagOf('relay')).events === 0);
  const during = await list(a, slow, before.sync_token);
  expect(during.conversations.map(({ id }) => id)).toEqual([quick.conversation]);
  await hold.release();
  await late;
  const after = await list(a, slow, during.sync_token);
  expect(after.conversations).toContainEqual(
    expect.objectContaining({ id: slow.conversation, last_seq: 2 }),
  );
  // Its own replica has it at once, and when that one does nothing another.
  expect((await entriesOf(b)).map(({ event }) => event.conversation_id)).toEqual([
    slow.conversation,
  ]);
  const takenOver = await waitFor(async () => {
    const entries = await entriesOf(a);
    return entries.length > 0 ? entries : undefined;
  });
  expect(takenOver.map(({ event }) => [event.conversation_id, event.seq])).toEqual([
    [slow.conversation, 2],
  ]);
  const pushes = await waitFor(() => a.nextPushes('push', { ageMs: 0, limit: 9 }));
  pushes.done();
});

test('what one replica is done with no other is given, and lags count it once', async () => {
  const { a, b, world } = await openTwo();
  const talk = await world.talk();
  await append(b, talk, { client_id: 'c' });
  await catchUp(b, 'relay');
  await catchUp(a, 'relay');
  // With this commit it is out of the outbox.
  await append(b, talk, { client_id: 'd' });
  await catchUp(b, 'relay');
  for (const store of [a, b]) {
    await waitFor(async () => (await store.lagOf('relay')).events === 0);
  }
  expect(await entriesOf(a)).toEqual([]);
});

test('one client_id at two replicas at once becomes one message', async () => {
  const { a, b, world } = await openTwo();
  const talk = await world.talk();
  const other = await world.talk({ user: talk.user });
  for (let n = 0; n < 20; n += 1) {
    const answers = await Promise.all(
      [a, b, a, b].map((store) => append(store, talk, { client_id: `same-${n}` })),
    );
    const sent = answers.flatMap(({ results }) => results);
    expect(sent.filter((each) => each.ok && 'sent' in each && !each.sent.duplicate)).toHaveLength(
      1,
    );
    const elsewhere = await Promise.all([
      append(a, talk, { client_id: `two-${n}` }),
      append(b, other, { client_id: `two-${n}` }),
    ]);
    expect(elsewhere.map(({ results }) => results[0]?.ok).sort()).toEqual([false, true]);
  }
});

test('replicas that write to the same conversations, in whatever order, leave logs without gaps', async () => {
  const { a, b, world } = await openTwo();
  const talks = [await world.talk(), await world.talk(), await world.talk()];
  const batch = (store: Store, name: string, order: Talk[]) =>
    store.append({
      operations: order.map((talk) => sendOf(talk, talk.user, { client_id: name }) as Operation),
    });
  const rounds = Array.from({ length: 30 }, (_, n) => n);
  await Promise.all([
    ...rounds.map((n) => batch(a, `a${n}`, talks)),
    ...rounds.map((n) => batch(b, `b${n}`, [...talks].reverse())),
  ]);
  for (const talk of talks) {
    const ids = { identity_id: talk.user, conversation_id: talk.conversation };
    const { events } = await b.readLog({ ...ids, epoch: null, after_seq: 0, limit: 200 });
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
  }
});

test('a newer connection waits for what an older one has under way at another replica, and then fences it', async () => {
  const { url, a, b, world } = await openTwo();
  const talk = await world.talk();
  const credential_id = await world.session(talk.user);
  const connect = (store: Store, epoch: number) =>
    store.connect({ identity_id: talk.user, credential_id, epoch, counterparts: 0 });
  await connect(a, 1);
  const hold = await holdCommits(url);
  const sent = append(a, talk, { client_id: 'c', content: 'held', epoch: 1 });
  await hold.held();
  const ids = { identity_id: talk.user, conversation_id: talk.conversation };
  const connected = connect(b, 2).then(() => b.getConversation(ids));
  const waits = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'`;
  await waitFor(async () => (await databases.query(url, waits)).length > 0);
  await hold.release();
  expect((await sent).results).toMatchObject([{ ok: true }]);
  // Whichever answer is here first: by its own the newer one sees what the older one has sent.
  expect(await connected).toMatchObject({ last_seq: 2 });
  const old = await append(a, talk, { client_id: 'd', epoch: 1 });
  expect(old.results).toMatchObject([{ error: { code: 'replaced' } }]);
});

test('a repetition is answered only when what it repeats has reached the standby', async () => {
  const { url, a, world } = await openTwo();
  const talk = await world.talk();
  await append(a, talk, { client_id: 'c' });
  const other = new Client({ connectionString: url });
  await other.connect();
  await other.query('CREATE TABLE other (n int)');
  await databases.query(url, `ALTER SYSTEM SET synchronous_standby_names = 'missing'`);
  await databases.query(url, 'SELECT pg_reload_conf()');
  const waiting = async () => {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`;
    return (await databases.query(url, sql)).length;
  };
  // The server takes the setting over a moment later: as soon as a commit waits, all do.
  let commit: Promise<unknown>;
  do {
    let isAnswered = false;
    commit = other.query('INSERT INTO other VALUES (1)').then(() => (isAnswered = true));
    await waitFor(async () => isAnswered || (await waiting()) > 0);
  } while ((await waiting()) === 0);
  const again = append(a, talk, { client_id: 'c' });
  await waitFor(async () => (await waiting()) > 1);
  await databases.query(url, 'ALTER SYSTEM RESET synchronous_standby_names');
  await databases.query(url, 'SELECT pg_reload_conf()');
  expect((await again).results).toMatchObject([{ ok: true, sent: { duplicate: true } }]);
  await commit;
  await other.end();
});

test('U+0000, and what stands for it, come back as they were sent', async () => {
  const { world, a } = await openTwo();
  const strange = 'a\u0000b\u001a0\u001as\u0000';
  const talk = await world.talk({ title: strange });
  const metadata = { [strange]: [strange, { deep: strange }] };
  const sent = await world.send(talk, talk.user, strange, { metadata });
  expect(sent).toMatchObject({ content: strange, metadata });
  const ids = { identity_id: talk.agent, conversation_id: talk.conversation };
  const { messages } = await a.listMessages({ ...ids, limit: 9 });
  expect(messages).toEqual([sent]);
  const edited = await world.change(talk, talk.user, sent.id, {
    op: 'edit',
    content: `${strange}!`,
  });
  expect(edited.event).toMatchObject({ message: { content: `${strange}!` } });
  expect(await a.getConversation(ids)).toMatchObject({
    title: strange,
    last_message: { content: `${strange}!`, metadata },
  });
});
