import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../src/store/store';
import { BY, createWorld, later, type World } from '../conformance/world';
import { createTempStores } from '../temp-store';

const stores = createTempStores();
afterEach(() => stores.cleanUp());

async function createFixture() {
  const folder = stores.folder();
  const world = await createWorld(() => stores.open({ path: join(folder, 'messages.db') }));
  return {
    world,
    /** The files, write-ahead log and shared memory among them, that have the text somewhere. */
    filesWith: (text: string) =>
      readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text)),
  };
}

/** As the running service does beside the traffic. */
async function cleanUp({ purge, chores }: Store): Promise<void> {
  while (await purge());
  for (const { step } of chores) while (await step());
}

/** Long enough for pages of its own, with what is looked for at both ends. */
const long = (mark: string) => `${mark} ${'x'.repeat(20_000)} ${mark}`;

test.each(['short', 'long'])('a %s message that is deleted', async (size) => {
  const { world, filesWith } = await createFixture();
  const talk = await world.talk();
  const content = size === 'long' ? long('GONE') : 'GONE';
  const { id } = await world.send(talk, talk.user, content, { metadata: { secret: 'GONE' } });
  await world.send(talk, talk.user, 'KEPT');
  expect(filesWith('GONE')).not.toEqual([]);
  await world.change(talk, talk.user, id, { op: 'delete' });
  expect(filesWith('GONE')).toContain('messages.db-wal');
  while (await world.store.purge());
  expect(filesWith('GONE')).not.toContain('messages.db-wal');
  await cleanUp(world.store);
  expect(filesWith('GONE')).toEqual([]);
  expect(filesWith('KEPT')).toEqual(['messages.db']);
});

test.each(['short', 'long'])('a %s message that is edited: what it said before', async (size) => {
  const { world, filesWith } = await createFixture();
  const talk = await world.talk();
  const { id } = await world.send(talk, talk.user, size === 'long' ? long('GONE') : 'GONE');
  for (const content of [long('GONE'), 'GONE again', 'KEPT']) {
    await world.change(talk, talk.user, id, { op: 'edit', content });
  }
  await cleanUp(world.store);
  expect(filesWith('GONE')).toEqual([]);
  expect(filesWith('KEPT')).toEqual(['messages.db']);
});

test('a conversation that is deleted: titles, tags and all messages', async () => {
  const { world, filesWith } = await createFixture();
  const [gone, kept] = [await world.talk({ title: 'GONE' }), await world.talk({ title: 'KEPT' })];
  const ids = { identity_id: gone.user, conversation_id: gone.conversation };
  await world.store.updateConversation({ ...ids, title: 'GONE too', tags: ['GONE'] });
  await world.send(gone, gone.user, long('GONE'));
  await world.send(gone, gone.agent, 'GONE');
  await world.send(kept, kept.agent, 'KEPT');
  await world.store.deleteConversation(ids);
  await cleanUp(world.store);
  expect(filesWith('GONE')).toEqual([]);
  expect(filesWith('KEPT')).toEqual(['messages.db']);
});

/** A person of whom everything bears the mark. */
async function createPerson(world: World, mark: string, agent: string): Promise<string> {
  const { store, clock } = world;
  const by = { ...BY, actor: { kind: 'anyone' as const, id: null }, ip: `${mark}-address` };
  const expires_at = later(clock.ms, 1_000_000);
  const { user_id } = await store.createUser({ username: mark, password_hash: mark, by });
  const session = { user_id, refresh_digest: `${mark}-1`, expires_at, by };
  await store.createSession(session);
  const rotation = { refresh_digest: `${mark}-1`, next_digest: `${mark}-2`, expires_at, by };
  await store.rotateSession(rotation);
  await world.device(user_id, `${mark}-device`, `${mark}-token`);
  const old = await world.talk({ user: user_id, agent });
  const ids = { identity_id: user_id, conversation_id: old.conversation };
  await store.deleteConversation(ids);

  const more = { user_id, agent_id: agent, title: `${mark} title`, client_id: `${mark}-client` };
  const { conversation } = await store.createConversation(more);
  const talk = { user: user_id, agent, conversation: conversation.id };
  const own = { identity_id: user_id, conversation_id: talk.conversation };
  await store.updateConversation({ ...own, title: `${mark} other`, tags: [`${mark}-tag`] });
  for (let n = 0; n < 8; n += 1) {
    const from = n % 2 ? agent : user_id;
    const content = `${mark} `.repeat(1 + 9 * n);
    const sent = await world.send(talk, from, content, { client_id: `${mark}-${n}` });
    if (n % 3 === 0) {
      await world.change(talk, from, sent.id, { op: 'edit', content: `${mark} `.repeat(30 - n) });
    }
  }
  return user_id;
}

test('people that are erased: names, passwords, sessions, devices, addresses and all conversations', async () => {
  const { world, filesWith } = await createFixture();
  const agent = await world.agent();
  const gone: string[] = [];
  for (let n = 0; n < 24; n += 1) {
    const mark = n % 2 ? `GONE-${n}` : `KEPT-${n}`;
    const id = await createPerson(world, mark, agent);
    if (n % 2) gone.push(id);
  }
  expect(filesWith('GONE')).not.toEqual([]);
  for (const user_id of gone) await world.store.eraseUser({ user_id, by: BY });
  await cleanUp(world.store);
  expect(filesWith('GONE')).toEqual([]);
  // What remains is an id.
  expect(filesWith(gone[0] ?? '')).toEqual(['messages.db']);
  for (let n = 0; n < 24; n += 2) expect(filesWith(`KEPT-${n}-address`)).toEqual(['messages.db']);
});

test('entries of the audit log that are pruned', async () => {
  const { world, filesWith } = await createFixture();
  const { store, clock } = world;
  const entry = { ...BY, action: 'user.login', target: null, result: 'ok' } as const;
  await store.recordAudit({ records: [{ ...entry, ip: 'GONE' }] });
  clock.ms = Date.now() + 1_000;
  while (await store.pruneAudit(new Date(clock.ms).toISOString()));
  await cleanUp(store);
  expect(filesWith('GONE')).toEqual([]);
});
