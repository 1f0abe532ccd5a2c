import { PUSH_PLATFORMS, redisNames, type PushJob } from '@agent-messenger/contracts';
import { openRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { UnrecoverableError, Worker } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { openPushQueues } from '../src/push/push-queues';
import type { DuePush } from '../src/store/store';
import { useRedisSetting } from './redis-setting';
import { silent } from './temp-store';

const setting = useRedisSetting();
const PAGE = 500;

async function openQueues(maxBytes: number, { batches = false } = {}) {
  const { server, scope } = setting;
  const names = redisNames(`t${randomUUID().slice(0, 8)}`);
  const redis = openRedis(server.url, { name: 'queue', log: silent, scope });
  await waitFor(() => redis.status === 'ready');
  await redis.flushall();
  const metrics = new Registry();
  const queues = openPushQueues({
    ...{ redis, names, log: silent, scope, metrics, maxBytes },
    takesBatches: async () => batches,
  });
  /** Without what is on its way to clients and to the disk: a slow disk holds up to all that was written. */
  async function used(): Promise<number> {
    const info = await redis.info('memory');
    const of = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    return of('used_memory') - of('mem_clients_normal') - of('mem_aof_buffer');
  }
  /** Of all its keys, each with everything in it. */
  async function exactly(): Promise<number> {
    const keys = await redis.keys(`${names.queuePrefix}:push-*apns:*`);
    const each = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
    return each.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  }
  async function gauge(name: string): Promise<number> {
    const { values } = (await metrics.getSingleMetric(name)?.get()) ?? { values: [] };
    return Number(values.find(({ labels }) => labels['platform'] === 'apns')?.value);
  }
  return { queues, names, used, exactly, gauge };
}

/** Of as many conversations of one device. */
function jobs(count: number): DuePush[] {
  const user_id = `usr_${randomUUID()}`;
  return Array.from({ length: count }, () => {
    const conversation_id = `cnv_${randomUUID()}`;
    const job: PushJob = { user_id, conversation_id, device_id: randomUUID() };
    return { platform: 'apns', job } as DuePush;
  });
}

test('a queue takes no more of Redis than its part, and what there is no room for is told', async () => {
  const part = 2 * 1024 * 1024;
  const { queues, used, exactly, gauge } = await openQueues(PUSH_PLATFORMS.length * part);
  const before = await used();
  let taken = 0;
  let rest = 0;
  for (let n = 0; n < 10; n += 1) {
    const left = await queues.add(jobs(PAGE));
    taken += PAGE - left.length;
    rest += left.length;
  }
  expect(rest).toBeGreaterThan(0);
  expect(await queues.of('apns').getWaitingCount()).toBe(taken);
  const measured = await gauge('messages_push_queue_bytes');
  // A job's bytes are an estimate until it is there.
  expect(measured).toBeLessThan(1.05 * part);
  expect(await gauge('messages_push_queue_fill_ratio')).toBeGreaterThan(0.95);
  // Of alike jobs ten say how large they are, whatever order Redis keeps their fields in.
  expect(measured / (await exactly())).toBeCloseTo(1, 1);
  // Its allocator rounds up, and a table of keys has room for twice as many.
  expect((await used()) - before).toBeLessThan(1.5 * part);
  // Of another provider there is room.
  const other = jobs(1).map((each): DuePush => ({ ...each, platform: 'fcm' }));
  expect(await queues.add(other)).toEqual([]);
});

test('jobs are counted whatever has become of them, and one that was given up keeps no stack', async () => {
  const { queues, names, used, exactly, gauge } = await openQueues(1e9);
  const before = await used();
  expect(await gauge('messages_push_queue_bytes')).toBe(0);
  await queues.add(jobs(PAGE));
  const waiting = await gauge('messages_push_queue_bytes');
  expect(waiting / (await exactly())).toBeCloseTo(1, 1);
  // There is more than the keys: Redis' table of them.
  expect(waiting / ((await used()) - before)).toBeGreaterThan(0.6);
  expect(waiting / ((await used()) - before)).toBeLessThan(1.2);

  const worker = new Worker(
    names.pushQueue('apns'),
    () => Promise.reject(new UnrecoverableError('the provider says no')),
    { connection: { url: setting.server.url }, prefix: names.queuePrefix, concurrency: 50 },
  );
  setting.scope.defer('worker', () => worker.close());
  const queue = queues.of('apns');
  await waitFor(async () => (await queue.getFailedCount()) === PAGE);
  const [dead] = await queue.getFailed(0, 0);
  expect(dead?.failedReason).toBe('the provider says no');
  expect(dead?.stacktrace).toEqual([]);
  // Without the keys that keep others away, with what the queue notes of their end.
  const failed = await gauge('messages_push_queue_bytes');
  expect(failed).toBeGreaterThan(0.7 * waiting);
  expect(failed / (await exactly())).toBeCloseTo(1, 1);
});

test('batches count too, and take no more than the part of their provider', async () => {
  const part = 256 * 1024;
  const { queues, exactly, gauge } = await openQueues(PUSH_PLATFORMS.length * part, {
    batches: true,
  });
  // Of one device each, as in batches they are.
  expect(await queues.add(jobs(PAGE))).toEqual([]);
  expect(await queues.batchesOf('apns').getWaitingCount()).toBe(PAGE / 100);
  expect((await gauge('messages_push_queue_bytes')) / (await exactly())).toBeCloseTo(1, 1);
  let rest = 0;
  for (let n = 0; n < 5; n += 1) rest += (await queues.add(jobs(PAGE))).length;
  expect(rest).toBeGreaterThan(0);
  expect(await gauge('messages_push_queue_bytes')).toBeLessThan(1.1 * part);
  expect(await queues.of('apns').getWaitingCount()).toBe(0);
});
