import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import type { FakeMessages, TestWorker } from './setup';
import {
  device,
  FakeProvider,
  gate,
  openQueue,
  pushable,
  startFakeMessages,
  startTestWorker,
  TEXT,
  TOKEN,
} from './setup';
import { PushError } from '../src/providers/provider';

let redis: RedisProcess;
let messages: FakeMessages;
let worker: TestWorker;
let provider: FakeProvider;
let queue: ReturnType<typeof openQueue>;

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages();
  provider = new FakeProvider();
  worker = await startTestWorker(
    { MESSAGES_URL: messages.url, REDIS_URL: redis.url, PUSH_MIN_INTERVAL_MS: '400' },
    provider,
  );
  queue = openQueue(redis.url, 'am');
});
afterAll(async () => {
  await queue.queue.close();
  await worker.close();
  await messages.close();
  await redis.stop();
});

const finished = (conversationId: string) =>
  waitFor(() => messages.marked.find(({ conversation_id }) => conversation_id === conversationId));

test('a job is sent to every device as things stand, and marked', async () => {
  messages.states.set(
    'cnv_plain',
    pushable({ seq: 7, badge: 3, devices: [device('phone'), device('tablet')] }),
  );
  await queue.add('cnv_plain');
  expect(await finished('cnv_plain')).toEqual({
    user_id: 'usr_1',
    conversation_id: 'cnv_plain',
    seq: 7,
  });
  expect(provider.about('cnv_plain').map(({ device_id }) => device_id)).toEqual([
    'phone',
    'tablet',
  ]);
  expect(provider.about('cnv_plain')[0]).toMatchObject({
    user_id: 'usr_1',
    seq: 7,
    title: 'Echo',
    body: TEXT,
    badge: 3,
  });
});

test('with nothing left to say, nothing is sent', async () => {
  const job = await queue.add('cnv_gone');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.about('cnv_gone')).toEqual([]);
  expect(messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_gone')).toBe(false);
});

test('what comes too soon after a push is delayed, and then sent', async () => {
  const pushedAt = Date.now();
  messages.states.set('cnv_soon', pushable({ pushed_at: new Date(pushedAt).toISOString() }));
  const job = await queue.add('cnv_soon');
  await waitFor(async () => (await job.getState()) === 'delayed');
  expect(provider.about('cnv_soon')).toEqual([]);
  await finished('cnv_soon');
  expect(provider.about('cnv_soon')[0]?.at).toBeGreaterThanOrEqual(pushedAt + 400);
});

test('a clock that is ahead delays by the interval and no more', async () => {
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  messages.states.set('cnv_clock', pushable({ pushed_at: ahead }));
  const job = await queue.add('cnv_clock');
  await waitFor(async () => (await job.getState()) === 'delayed');
  messages.states.set('cnv_clock', pushable());
  await finished('cnv_clock');
});

test('the last message of a burst is pushed although a job was active', async () => {
  const release = gate();
  provider.refuse = () => release.passed;
  messages.states.set('cnv_burst', pushable({ seq: 2 }));
  await queue.add('cnv_burst');
  await waitFor(() =>
    provider.offered.some(({ conversation_id }) => conversation_id === 'cnv_burst'),
  );
  messages.states.set('cnv_burst', pushable({ seq: 9 }));
  await queue.add('cnv_burst');
  release.open();
  await waitFor(() => provider.about('cnv_burst').length === 2);
  expect(provider.about('cnv_burst').map(({ seq }) => seq)).toEqual([2, 9]);
});

test('while the store fails, the job is tried again', async () => {
  messages.states.set('cnv_retry', pushable());
  messages.failures = 2;
  await queue.add('cnv_retry');
  await finished('cnv_retry');
  expect(provider.about('cnv_retry')).toHaveLength(1);
  expect(await worker.metrics.metrics()).toMatch(
    /push_job_failures_total\{reason="unavailable"\} 2/,
  );
});

test('a device that fails is tried again, the others are not told twice', async () => {
  let refusals = 2;
  provider.refuse = ({ device_id }) => {
    if (device_id === 'tablet' && refusals-- > 0) throw new PushError('overloaded');
  };
  const devices = [device('phone'), device('tablet'), device('watch')];
  messages.states.set('cnv_partly', pushable({ devices }));
  await queue.add('cnv_partly');
  await finished('cnv_partly');
  const told = provider.about('cnv_partly').map(({ device_id }) => device_id);
  expect(told).toEqual(['phone', 'watch', 'tablet']);
  expect(await worker.metrics.metrics()).toMatch(
    /push_send_failures_total\{provider="fake",reason="overloaded"\} 2/,
  );
});

test('a job that keeps failing is given up after its attempts', async () => {
  provider.refuse = ({ token }) => {
    throw new Error(`POST /3/device/${token}: ${TEXT}`);
  };
  messages.states.set('cnv_never', pushable());
  const job = await queue.add('cnv_never', 2);
  await waitFor(() => job.isFailed());
  expect(messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_never')).toBe(
    false,
  );
});

test('a job that is no push job fails at once', async () => {
  const job = await queue.queue.add('push', { user_id: 7 }, { attempts: 5 });
  await waitFor(() => job.isFailed());
  const [failed] = await queue.queue.getFailed(0, 0);
  expect(failed?.attemptsMade).toBe(1);
});

// Last: it looks at what all the others left.
test('neither text nor device token is in a log line or in Redis', async () => {
  expect(worker.lines.join()).toContain('cnv_never');
  expect(worker.lines.join()).not.toContain(TEXT);
  expect(worker.lines.join()).not.toContain(TOKEN);
  const jobs = JSON.stringify(await queue.queue.getJobs());
  expect(jobs).toContain('cnv_never');
  expect(jobs).not.toContain(TEXT);
  expect(jobs).not.toContain(TOKEN);
});
