import type { PushJob, PushPlatform } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createCalls } from '../src/calls';
import { createPushDeadLetters } from '../src/push/push-dead-letters';
import { BY, pushOf, refusal } from './conformance/world';
import { createPushFixture } from './push-fixture';
import { useRedisSetting } from './redis-setting';

const setting = useRedisSetting();

async function createFixture() {
  const { queues, names, redis } = await createPushFixture(setting);
  await waitFor(() => redis.status === 'ready');
  return {
    queues,
    dead: createPushDeadLetters(queues),
    /** A worker of which every job is refused for good. */
    refuse(platform: PushPlatform) {
      const own = new Redis(setting.server.url, { maxRetriesPerRequest: null });
      setting.scope.defer('connection', () => own.disconnect());
      const worker = new Worker<PushJob, void>(
        names.pushQueue(platform),
        () => Promise.reject(new UnrecoverableError('PayloadTooLarge')),
        { connection: own, prefix: names.queuePrefix, concurrency: 50 },
      );
      setting.scope.defer('worker', () => worker.close());
      return worker;
    },
    async add(platform: PushPlatform, count: number): Promise<void> {
      const talks = Array.from({ length: count }, (_, n) => ({
        user: 'usr_1',
        conversation: `cnv_${n}`,
        agent: '',
      }));
      await queues.add(talks.map((talk) => ({ platform, job: pushOf(talk) })));
    },
    failed: (platform: PushPlatform) => queues.of(platform).getFailedCount(),
  };
}

test('jobs that were given up are listed page by page, newest first, and replayed', async () => {
  const { queues, dead, refuse, add, failed } = await createFixture();
  for (const platform of ['apns', 'fcm'] as const) {
    const worker = refuse(platform);
    await add(platform, 3);
    await waitFor(async () => (await failed(platform)) === 3);
    await worker.close();
  }

  const first = await dead.listDeadPushes({ limit: 4 });
  const second = await dead.listDeadPushes({ limit: 4, cursor: first.next_cursor ?? '' });
  const listed = [...first.dead, ...second.dead];
  expect(listed.map(({ platform }) => platform)).toEqual([
    ...Array<string>(3).fill('apns'),
    ...Array<string>(3).fill('fcm'),
  ]);
  expect(second.next_cursor).toBeNull();
  expect(listed[0]).toMatchObject({ user_id: 'usr_1', device_id: 'phone', attempts: 1 });
  expect(listed[0]?.reason).toBe('PayloadTooLarge');

  const ids = [listed[0]?.id ?? '', 'fcm:999'];
  expect(await dead.replayDeadPushes({ ids, by: BY })).toEqual({ replayed: 1 });
  expect(await queues.of('apns').getWaitingCount()).toBe(1);
  expect(await dead.replayDeadPushes({ by: BY })).toEqual({ replayed: 5 });
  expect(await dead.listDeadPushes({ limit: 9 })).toEqual({ dead: [], next_cursor: null });
  expect(
    (await refusal(Promise.resolve(dead.listDeadPushes({ limit: 9, cursor: 'x' })))).code,
  ).toBe('invalid_payload');
});

test('what is given up again at once is replayed once, and not for ever', async () => {
  const { dead, refuse, add, failed } = await createFixture();
  refuse('apns');
  await add('apns', 450);
  await waitFor(async () => (await failed('apns')) === 450);
  // The same worker refuses each of them again while the others are still being replayed.
  expect(await dead.replayDeadPushes({ by: BY })).toEqual({ replayed: 450 });
  await waitFor(async () => (await failed('apns')) === 450);
  const ids = new Set<string>();
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await dead.listDeadPushes({ limit: 200, ...(cursor && { cursor }) });
    for (const { id } of page.dead) ids.add(id);
    cursor = page.next_cursor;
  }
  expect(ids.size).toBe(450);
});

test('without their Redis dead letters are unavailable, at once', async () => {
  const { dead } = await createFixture();
  await setting.server.kill();
  const refused = async () => dead.listDeadPushes({ limit: 9 });
  await waitFor(async () => (await refusal(refused())).code === 'unavailable');
  await setting.server.start();
  await waitFor(() =>
    refused().then(
      () => true,
      () => false,
    ),
  );
});

test('a replay has its entry in the audit log, whatever comes of it', async () => {
  const { dead: deadPushes } = await createFixture();
  const store = await setting.stores.open();
  const calls = createCalls({
    store,
    groupCommit: { append: async () => [], drain: async () => undefined },
    deadPushes,
    pushQueues: () => Promise.reject(new Error('not asked here')),
    storageState: () => Promise.reject(new Error('not asked here')),
    attempts: store,
    forgetInRedis: async () => undefined,
    connectedSession: async () => null,
    onCommit: () => undefined,
    onDelete: () => undefined,
    onReachable: () => undefined,
  });
  await setting.server.kill();
  const list = async () => calls.listDeadPushes({ limit: 9 });
  await waitFor(async () => (await refusal(list())).code === 'unavailable');
  const replay = async () => calls.replayDeadPushes({ by: BY });
  expect((await refusal(replay())).code).toBe('unavailable');
  const { entries } = await store.listAudit({ limit: 9 });
  expect(entries).toMatchObject([{ action: 'push.replay', result: 'unavailable' }]);
  await setting.server.start();
  await waitFor(() =>
    list().then(
      () => true,
      () => false,
    ),
  );
});
