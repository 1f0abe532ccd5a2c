import { redisNames, type PushPlatform } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { Worker } from 'bullmq';
import { device, gate, openQueue, pushable, startTestWorker } from './setup';
import { useWorkerSetting } from './worker-setting';

const setting = useWorkerSetting();
const { start } = setting;

// First: of a connection that was cut BullMQ keeps a timer for some seconds, which would outlive the last test.
test('without Redis it stops at once', async () => {
  const { worker, queue, add, provider } = await start('stop-down');
  setting.messages.states.set('cnv_stop', pushable());
  await add('cnv_stop');
  await waitFor(() => provider.about('cnv_stop').length === 1);
  await queue.close();
  await setting.redis.kill();
  try {
    await waitFor(() => worker.lines.some((line) => line.includes('redis connection lost')));
    await worker.close();
  } finally {
    await setting.redis.start();
  }
  expect(worker.lines.join()).not.toContain('not closed within');
});

test('with a Redis that hangs it stops within the deadline of the connection', async () => {
  const { worker, queue, add, provider } = await start('stop-hangs');
  setting.messages.states.set('cnv_hang', pushable());
  await add('cnv_hang');
  await waitFor(() => provider.about('cnv_hang').length === 1);
  await queue.close();
  setting.redis.pause();
  try {
    await worker.close();
  } finally {
    setting.redis.resume();
  }
});

test.each([
  ['with its data', { empty: false }],
  ['empty', { empty: true }],
])('a Redis that restarts %s is worked with again', async (what, how) => {
  const { provider, worker, add, close } = await start(`restart-${how.empty}`);
  const [before, after] = [`cnv_before_${what}`, `cnv_after_${what}`];
  setting.messages.states.set(before, pushable()).set(after, pushable());
  await add(before);
  await waitFor(() => provider.about(before).length === 1);
  await setting.redis.restart(how);
  await add(after);
  await waitFor(() => provider.about(after).length === 1);
  expect(worker.lines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  await close();
});

test('a job in flight when Redis restarts is carried out once it is back', async () => {
  const { provider, add, queue, close } = await start('in-flight', { PUSH_LOCK_MS: '500' });
  const release = gate();
  provider.refuse = () => release.passed;
  setting.messages.states.set('cnv_flight', pushable());
  const job = await add('cnv_flight');
  await waitFor(() => job.isActive());
  await setting.redis.restart();
  release.open();
  await waitFor(() => provider.about('cnv_flight').length >= 1);
  await waitFor(async () => (await queue.getActiveCount()) === 0);
  expect(
    setting.messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_flight'),
  ).toBe(true);
  await close();
});

test('the job of a worker that died is taken over', async () => {
  const { queue, add } = openQueue(setting.redis.url, 'takeover');
  const names = redisNames('takeover');
  const dead = new Worker(names.pushQueue('apns'), () => new Promise(() => undefined), {
    prefix: names.queuePrefix,
    connection: { url: setting.redis.url, maxRetriesPerRequest: null },
    lockDuration: 300,
    stalledInterval: 300,
  });
  dead.on('error', () => undefined);
  setting.messages.states.set('cnv_orphan', pushable());
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
  setting.messages.states.set('cnv_drain', pushable());
  const job = await add('cnv_drain');
  await waitFor(() => job.isActive());
  const closed = close();
  release.open();
  await closed;
  expect(
    setting.messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_drain'),
  ).toBe(true);
});

test('providers that hang, all of them, do not hold up the end past its deadline', async () => {
  const platforms: PushPlatform[] = ['apns', 'fcm', 'webpush'];
  const { provider, worker } = await start('hang', {}, platforms);
  const held = gate();
  provider.refuse = () => held.passed;
  const queues = platforms.map((platform) => openQueue(setting.redis.url, 'hang', platform));
  for (const [n, { add }] of queues.entries()) {
    const { [n]: platform = 'apns' } = platforms;
    setting.messages.states.set(
      `cnv_hang_${n}`,
      pushable({ device: { ...device('phone'), platform } }),
    );
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
  const worker = await startTestWorker(setting.env('off'));
  expect(worker.lines.filter((text) => text.includes('no push provider'))).toHaveLength(3);
  expect(setting.messages.announced.at(-1)).toEqual({ platforms: [], batches: true });
  await worker.close();
});

test('what can be pushed is announced once messages is there', async () => {
  setting.messages.failures = 1;
  const before = setting.messages.announced.length;
  const { close } = await start('late');
  await waitFor(() => setting.messages.announced.length > before);
  expect(setting.messages.announced.at(-1)).toEqual({ platforms: ['apns'], batches: true });
  await close();
});

test('pushes can be logged instead, when that is asked for', async () => {
  const worker = await startTestWorker({ ...setting.env('log-only'), PUSH_LOG: 'true' });
  const platforms = ['apns', 'fcm', 'webpush'];
  expect(setting.messages.announced.at(-1)).toEqual({
    platforms,
    batches: true,
    logged: platforms,
  });
  const { queue, add } = openQueue(setting.redis.url, 'log-only');
  setting.messages.states.set('cnv_log', pushable({ seq: 4 }));
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
