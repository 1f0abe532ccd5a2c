import { redisNames, type PushPlatform } from '@agent-messenger/contracts';
import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import { Worker } from 'bullmq';
import type { FakeMessages } from './setup';
import {
  device,
  FakeProvider,
  gate,
  openQueue,
  pushable,
  startFakeMessages,
  startTestWorker,
} from './setup';

let redis: RedisProcess;
let messages: FakeMessages;

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages();
});
afterAll(async () => {
  await messages.close();
  await redis.stop();
});

/** A worker and a queue of their own. */
async function start(prefix: string, env: Record<string, string> = {}) {
  const provider = new FakeProvider();
  const worker = await startTestWorker(
    { MESSAGES_URL: messages.url, REDIS_URL: redis.url, REDIS_PREFIX: prefix, ...env },
    provider,
  );
  const { queue, add } = openQueue(redis.url, prefix);
  const close = async () => {
    await queue.close();
    await worker.close();
  };
  return { provider, worker, queue, add, close };
}

// First: of a connection that was cut BullMQ keeps a timer for some seconds, which would outlive the last test.
test('without Redis it stops at once', async () => {
  const { worker, queue, add, provider } = await start('stop-down');
  messages.states.set('cnv_stop', pushable());
  await add('cnv_stop');
  await waitFor(() => provider.about('cnv_stop').length === 1);
  await queue.close();
  await redis.kill();
  try {
    await waitFor(() => worker.lines.some((line) => line.includes('redis connection lost')));
    await worker.close();
  } finally {
    await redis.start();
  }
  expect(worker.lines.join()).not.toContain('not closed within');
});

test('with a Redis that hangs it stops within the deadline of the connection', async () => {
  const { worker, queue, add, provider } = await start('stop-hangs');
  messages.states.set('cnv_hang', pushable());
  await add('cnv_hang');
  await waitFor(() => provider.about('cnv_hang').length === 1);
  await queue.close();
  redis.pause();
  try {
    await worker.close();
  } finally {
    redis.resume();
  }
});

test.each([
  ['with its data', { empty: false }],
  ['empty', { empty: true }],
])('a Redis that restarts %s is worked with again', async (what, how) => {
  const { provider, worker, add, close } = await start(`restart-${how.empty}`);
  const [before, after] = [`cnv_before_${what}`, `cnv_after_${what}`];
  messages.states.set(before, pushable()).set(after, pushable());
  await add(before);
  await waitFor(() => provider.about(before).length === 1);
  await redis.restart(how);
  await add(after);
  await waitFor(() => provider.about(after).length === 1);
  expect(worker.lines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  await close();
});

test('a job in flight when Redis restarts is carried out once it is back', async () => {
  const { provider, add, queue, close } = await start('in-flight', { PUSH_LOCK_MS: '500' });
  const release = gate();
  provider.refuse = () => release.passed;
  messages.states.set('cnv_flight', pushable());
  const job = await add('cnv_flight');
  await waitFor(() => job.isActive());
  await redis.restart();
  release.open();
  await waitFor(() => provider.about('cnv_flight').length >= 1);
  await waitFor(async () => (await queue.getActiveCount()) === 0);
  expect(messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_flight')).toBe(
    true,
  );
  await close();
});

test('the job of a worker that died is taken over', async () => {
  const { queue, add } = openQueue(redis.url, 'takeover');
  const names = redisNames('takeover');
  const dead = new Worker(names.pushQueue('apns'), () => new Promise(() => undefined), {
    prefix: names.queuePrefix,
    connection: { url: redis.url, maxRetriesPerRequest: null },
    lockDuration: 300,
    stalledInterval: 300,
  });
  dead.on('error', () => undefined);
  messages.states.set('cnv_orphan', pushable());
  const job = await add('cnv_orphan');
  await waitFor(() => job.isActive());
  // Its lock is renewed no more, as after a SIGKILL.
  await dead.close(true);

  const { provider, close } = await start('takeover', { PUSH_LOCK_MS: '300' });
  await waitFor(() => provider.about('cnv_orphan').length === 1);
  await close();
  await queue.close();
});

test('what is in flight at the end is finished first', async () => {
  const { provider, add, close } = await start('drain');
  const release = gate();
  provider.refuse = () => release.passed;
  messages.states.set('cnv_drain', pushable());
  const job = await add('cnv_drain');
  await waitFor(() => job.isActive());
  const closed = close();
  release.open();
  await closed;
  expect(messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_drain')).toBe(true);
});

test('providers that hang, all of them, do not hold up the end past its deadline', async () => {
  const provider = new FakeProvider();
  const platforms: PushPlatform[] = ['apns', 'fcm', 'webpush'];
  const worker = await startTestWorker(
    { MESSAGES_URL: messages.url, REDIS_URL: redis.url, REDIS_PREFIX: 'hang' },
    provider,
    platforms,
  );
  const held = gate();
  provider.refuse = () => held.passed;
  const queues = platforms.map((platform) => openQueue(redis.url, 'hang', platform));
  for (const [n, { add }] of queues.entries()) {
    const { [n]: platform = 'apns' } = platforms;
    messages.states.set(`cnv_hang_${n}`, pushable({ device: { ...device('phone'), platform } }));
    await add(`cnv_hang_${n}`);
  }
  await waitFor(() => provider.offered.length === platforms.length);
  await worker.close();
  expect(worker.lines.join()).not.toContain('not closed within');
  // Another worker will take them over.
  for (const { queue } of queues) {
    expect(await queue.getActiveCount()).toBe(1);
    await queue.close();
  }
  held.open();
});

test('providers that are not configured are off and say so; their jobs are not asked for', async () => {
  const worker = await startTestWorker({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'off',
  });
  expect(worker.lines.filter((text) => text.includes('no push provider'))).toHaveLength(3);
  expect(messages.announced.at(-1)).toEqual({ platforms: [], batches: true });
  await worker.close();
});

test('what can be pushed is announced once messages is there', async () => {
  messages.failures = 1;
  const before = messages.announced.length;
  const worker = await startTestWorker(
    { MESSAGES_URL: messages.url, REDIS_URL: redis.url, REDIS_PREFIX: 'late' },
    new FakeProvider(),
  );
  await waitFor(() => messages.announced.length > before);
  expect(messages.announced.at(-1)).toEqual({ platforms: ['apns'], batches: true });
  await worker.close();
});

test('pushes can be logged instead, when that is asked for', async () => {
  const worker = await startTestWorker({
    MESSAGES_URL: messages.url,
    REDIS_URL: redis.url,
    REDIS_PREFIX: 'log-only',
    PUSH_LOG: 'true',
  });
  const platforms = ['apns', 'fcm', 'webpush'];
  expect(messages.announced.at(-1)).toEqual({ platforms, batches: true, logged: platforms });
  const { queue, add } = openQueue(redis.url, 'log-only');
  messages.states.set('cnv_log', pushable({ seq: 4 }));
  await add('cnv_log');
  const line = await waitFor(() => worker.lines.find((text) => text.includes('would send')));
  expect(JSON.parse(line)).toMatchObject({
    user_id: 'usr_1',
    conversation_id: 'cnv_log',
    seq: 4,
    platform: 'apns',
  });
  await queue.close();
  await worker.close();
});
