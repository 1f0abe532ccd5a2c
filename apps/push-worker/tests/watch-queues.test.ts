import { createLogger, Scope } from '@agent-messenger/service-kit';
import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import { Queue } from 'bullmq';
import { Registry } from 'prom-client';
import { createMetrics } from '../src/metrics';
import { watchQueues } from '../src/watch-queues';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const log = createLogger({ name: 'test', level: 'silent' });

test('measures how many jobs there are, and how long the oldest has waited', async () => {
  const scope = new Scope(log);
  const registry = new Registry();
  const queue = new Queue('watched', {
    connection: { url: redis.url, maxRetriesPerRequest: null },
  });
  queue.on('error', () => undefined);
  scope.defer('queue', () => queue.close());
  const jobsWait: boolean[] = [];
  watchQueues({
    platform: 'apns',
    watched: [{ queue, onSample: (sample) => jobsWait.push(sample.jobsWait) }],
    everyMs: 20,
    log,
    scope,
    metrics: createMetrics(registry),
  });
  const value = async (name: string, state: string) => {
    const line = (await registry.metrics())
      .split('\n')
      .find((each) => each.startsWith(`${name}{platform="apns",state="${state}"}`));
    return Number(line?.split(' ').at(-1));
  };
  await waitFor(() => jobsWait.includes(false));
  expect(await value('push_queue_oldest_seconds', 'waiting')).toBe(0);

  const addedAt = Date.now();
  const ago = (seconds: number) => ({ timestamp: addedAt - seconds * 1_000 });
  /** What was measured by now has waited for no longer than that. */
  const atMost = (seconds: number) => seconds + (Date.now() - addedAt) / 1_000;
  await queue.add('push', {}, ago(60));
  await queue.add('push', {}, ago(5));
  await queue.add('push', {}, { ...ago(90), delay: 3_600_000 });
  await waitFor(
    async () =>
      (await value('push_queue_jobs', 'waiting')) === 2 &&
      (await value('push_queue_jobs', 'delayed')) === 1,
  );
  await waitFor(async () => (await value('push_queue_oldest_seconds', 'delayed')) >= 90);
  const delayed = await value('push_queue_oldest_seconds', 'delayed');
  expect(delayed).toBeLessThanOrEqual(atMost(90));
  const oldest = await value('push_queue_oldest_seconds', 'waiting');
  expect(oldest).toBeGreaterThanOrEqual(60);
  expect(oldest).toBeLessThanOrEqual(atMost(60));
  expect(jobsWait.at(-1)).toBe(true);

  // Without an answer there is nothing to say, and no sign that the worker is stuck.
  await redis.kill();
  const samples = jobsWait.length;
  await redis.start();
  await waitFor(() => jobsWait.length > samples);
  await scope.close();
});
