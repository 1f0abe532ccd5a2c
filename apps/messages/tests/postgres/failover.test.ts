import { startPostgresPair, waitFor } from '@agent-messenger/testkit';
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '../../src/store/store';
import { createWorld, refusal } from '../conformance/world';
import { startDatabases, type TempDatabases } from './temp-databases';

let databases: TempDatabases;
beforeAll(async () => {
  // It recovers by itself what it has, as a standby does that is promoted.
  databases = await startDatabases({ restore_command: '/bin/false' });
});
afterEach(() => databases.closeAll());
afterAll(() => databases.stop());

/** Ends the server, and brings it back on a timeline of its own: as a standby that took over. */
async function failOver(): Promise<void> {
  const { server } = databases;
  await server.kill();
  const signal = join(server.dir, 'recovery.signal');
  writeFileSync(signal, '');
  const { uid, gid } = statSync(server.dir);
  chownSync(signal, uid, gid);
  await server.start();
}

async function openWithMessage(synchronous: boolean) {
  const store = await databases.open({ synchronous });
  const world = await createWorld(async () => store);
  const talk = await world.talk();
  await world.send(talk, talk.user, 'before');
  const list = (since?: string) =>
    store.listConversations({ identity_id: talk.user, limit: 9, since });
  return { store, world, talk, list, ...(await list()) };
}

/** Until it answers. */
function usable(store: Store): Promise<unknown> {
  return waitFor(async () => (await store.lastConnected({ ids: [] })) && true);
}

test('after a failover nothing is answered until the log has another id; what clients have of it runs out', async () => {
  const { store, world, talk, list, sync_token, log_id } = await openWithMessage(false);
  await failOver();
  const refused = await refusal(list());
  expect(refused).toMatchObject({
    code: 'unavailable',
    retryAfterMs: expect.any(Number) as number,
  });
  await usable(store);
  expect(store.logId).not.toBe(log_id);
  expect(await list()).toMatchObject({ log_id: store.logId });
  expect((await refusal(list(sync_token))).code).toBe('sync_token_expired');
  expect((await world.send(talk, talk.user, 'after')).seq).toBe(3);
});

test('where a standby had all that was answered the log remains the same', async () => {
  const { store, list, sync_token, log_id } = await openWithMessage(true);
  await failOver();
  await usable(store);
  expect(store.logId).toBe(log_id);
  expect(await list(sync_token)).toMatchObject({ log_id, removed: [] });
});

test('a standby that is promoted, twice, has all that was answered', async () => {
  const pair = await startPostgresPair();
  try {
    const store = await databases.open({ url: pair.url, synchronous: true });
    const { logId } = store;
    const world = await createWorld(async () => store);
    const talk = await world.talk();
    for (const content of ['one', 'two', 'three']) {
      await world.send(talk, talk.user, content);
      if (content === 'three') break;
      await pair.failOver();
      await usable(store);
    }
    const { messages } = await store.listMessages({
      ...{ identity_id: talk.user, conversation_id: talk.conversation, limit: 9 },
    });
    expect(messages.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(store.logId).toBe(logId);
  } finally {
    await databases.closeAll();
    await pair.stop();
  }
});
