import { createLogger } from '@agent-messenger/service-kit';
import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import { Queue, Worker } from 'bullmq';
import { SupervisedWorker } from '../src/supervised-worker';
import { gate } from './setup';

let redis: RedisProcess;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const log = createLogger({ name: 'test', level: 'silent' });

test('a worker that takes no job although some wait is replaced', async () => {
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue('work', { connection });
  const done: unknown[] = [];
  let made = 0;
  let restarts = 0;
  const worker = new SupervisedWorker({
    log,
    process: (job) => Promise.resolve(void done.push(job.data)),
    // The first one never begins.
    create: (process) => new Worker('work', process, { connection, autorun: ++made > 1 }),
    stuckAfterMs: 50,
    closeMs: 5_000,
    onRestart: () => (restarts += 1),
    redisAnswers: () => Promise.resolve(true),
  });
  worker.observe(false);
  expect(restarts).toBe(0);
  await queue.add('job', 'waiting');
  await waitFor(() => {
    worker.observe(true);
    return restarts === 1;
  });
  await waitFor(() => done.length === 1);
  expect({ done, made }).toEqual({ done: ['waiting'], made: 2 });
  await queue.close();
  await worker.close();
});

test('a job that does not end holds up closing until the deadline, and is not taken for a stuck worker', async () => {
  const connection = { url: redis.url, maxRetriesPerRequest: null };
  const queue = new Queue('endless', { connection });
  const held = gate();
  let running = false;
  let restarts = 0;
  const worker = new SupervisedWorker({
    log,
    process: () => {
      running = true;
      return held.passed;
    },
    create: (process) =>
      new Worker('endless', process, { connection }).on('error', () => undefined),
    stuckAfterMs: 0,
    closeMs: 100,
    onRestart: () => (restarts += 1),
    redisAnswers: () => Promise.resolve(true),
  });
  const job = await queue.add('job', 'endless');
  await waitFor(() => running);
  worker.observe(true);
  await worker.close();
  expect(restarts).toBe(0);
  // Still locked: another worker gets it when the lock has run out.
  expect(await job.isActive()).toBe(true);
  held.open();
  await queue.close();
});
