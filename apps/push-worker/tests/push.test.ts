import type { RedisProcess } from '@agent-messenger/testkit';
import { startRedis, waitFor } from '@agent-messenger/testkit';
import type { FakeMessages, TestWorker } from './setup';
import {
  device,
  FakeProvider,
  gate,
  justPushed,
  openQueue,
  pushable,
  startFakeMessages,
  startTestWorker,
  TEXT,
  TOKEN,
} from './setup';
import { PushError } from '../src/providers/provider';

const LABEL = 'Delete them';

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

test('a job is sent as things stand, and marked', async () => {
  messages.states.set('cnv_plain', pushable({ seq: 7, badge: 3 }));
  await queue.add('cnv_plain');
  expect(await finished('cnv_plain')).toEqual({
    user_id: 'usr_1',
    conversation_id: 'cnv_plain',
    device_id: 'phone',
    seq: 7,
  });
  expect(provider.about('cnv_plain')).toHaveLength(1);
  expect(provider.about('cnv_plain')[0]).toMatchObject({
    device_id: 'phone',
    user_id: 'usr_1',
    seq: 7,
    title: 'Echo',
    body: TEXT,
    badge: 3,
  });
  expect(await worker.metrics.metrics()).toMatch(/push_commit_to_provider_seconds_count 1/);
});

test.each([
  ['without a text', null],
  ['of nothing that can be seen', ' \n\t '],
])('a message %s says that there is one', async (name, content) => {
  messages.states.set(`cnv_empty ${name}`, pushable({ content }));
  await queue.add(`cnv_empty ${name}`);
  await finished(`cnv_empty ${name}`);
  expect(provider.about(`cnv_empty ${name}`)[0]?.body).toBe('New message');
});

test('with previews off no text leaves the installation', async () => {
  const discreet = new FakeProvider();
  const other = await startTestWorker(
    {
      MESSAGES_URL: messages.url,
      REDIS_URL: redis.url,
      REDIS_PREFIX: 'discreet',
      PUSH_PREVIEWS: 'false',
    },
    discreet,
  );
  const jobs = openQueue(redis.url, 'discreet');
  messages.states.set('cnv_discreet', pushable({ actions: [LABEL] }));
  await jobs.add('cnv_discreet');
  await finished('cnv_discreet');
  expect(discreet.about('cnv_discreet')).toMatchObject([{ title: 'Echo', body: 'New message' }]);
  expect(JSON.stringify(discreet.offered)).not.toContain(TEXT);
  expect(JSON.stringify(discreet.offered)).not.toContain(LABEL);
  await jobs.queue.close();
  await other.close();
});

test('with nothing left to say, nothing is sent', async () => {
  const job = await queue.add('cnv_gone');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.about('cnv_gone')).toEqual([]);
  expect(messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_gone')).toBe(false);
});

test('what comes too soon after a push is delayed, and then sent', async () => {
  // However long the job takes to be taken, its push is too soon.
  const { state, end } = justPushed();
  messages.states.set('cnv_soon', state);
  const job = await queue.add('cnv_soon');
  await waitFor(async () => (await job.getState()) === 'delayed');
  expect(provider.about('cnv_soon')).toEqual([]);
  const pushedAt = end();
  await finished('cnv_soon');
  expect(provider.about('cnv_soon')[0]?.at).toBeGreaterThanOrEqual(pushedAt + 400);
});

test('what was told before the clock was set back an hour delays nothing', async () => {
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  messages.states.set('cnv_clock', pushable({ pushed_at: ahead }));
  await queue.add('cnv_clock');
  await finished('cnv_clock');
  expect(provider.about('cnv_clock')).toHaveLength(1);
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

test('a store that is away delays a push and uses up none of its attempts', async () => {
  messages.states.set('cnv_retry', pushable());
  messages.failures = 2;
  await queue.add('cnv_retry', { attempts: 1 });
  await finished('cnv_retry');
  expect(provider.about('cnv_retry')).toHaveLength(1);
  expect(await worker.metrics.metrics()).toMatch(
    /push_job_failures_total\{reason="unavailable"\} 2/,
  );
});

test('what was sent while the store could not note it is noted later, and not sent again', async () => {
  messages.states.set('cnv_noted', pushable({ seq: 5 }));
  messages.markFailures = 1;
  const job = await queue.add('cnv_noted', { attempts: 1 });
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(messages.marked.filter(({ conversation_id }) => conversation_id === 'cnv_noted')).toEqual([
    { user_id: 'usr_1', conversation_id: 'cnv_noted', device_id: 'phone', seq: 5 },
  ]);
  expect(provider.about('cnv_noted')).toHaveLength(1);
});

test('what is read, received or muted while its job waits is not sent', async () => {
  const { queue: jobs } = queue;
  messages.states.set('cnv_read', justPushed().state);
  const job = await queue.add('cnv_read');
  await waitFor(async () => (await job.getState()) === 'delayed');
  messages.states.delete('cnv_read');
  await waitFor(async () => (await jobs.getJobState(job.id ?? '')) === 'completed');
  expect(provider.about('cnv_read')).toEqual([]);
});

test('what is old news is dropped and counted', async () => {
  const at = new Date(Date.now() - 86_400_000).toISOString();
  messages.states.set('cnv_old', pushable({ at }));
  const job = await queue.add('cnv_old');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.offered.some(({ conversation_id }) => conversation_id === 'cnv_old')).toBe(false);
  expect(await worker.metrics.metrics()).toMatch(/push_expired_total\{platform="apns"\} 1/);
});

test('what becomes old news while it waits for its provider is dropped then, however long that asks for', async () => {
  provider.refuse = () => {
    throw new PushError({ outcome: 'later', reason: 'busy', retryAfterMs: 3_600_000 });
  };
  // A second before it is old, when it is first looked at.
  let at: string | undefined;
  messages.states.set('cnv_aging', {
    ...pushable(),
    get at() {
      return (at ??= new Date(Date.now() - 86_400_000 + 1_000).toISOString());
    },
  });
  const job = await queue.add('cnv_aging');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.offered.filter((each) => each.conversation_id === 'cnv_aging')).toHaveLength(1);
  expect(await worker.metrics.metrics()).toMatch(/push_expired_total\{platform="apns"\} 2/);
  provider.refuse = () => undefined;
});

test('a device that came back with another platform is told by the jobs of that one', async () => {
  const android = { ...device('phone'), platform: 'fcm' as const };
  messages.states.set('cnv_switched', pushable({ device: android }));
  const job = await queue.add('cnv_switched');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.offered.some((each) => each.conversation_id === 'cnv_switched')).toBe(false);
});

test('in quiet hours a device is not told; another one of the person is', async () => {
  const now = Date.now();
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const quiet_hours = { from: clock(now), to: clock(now + 2 * 3_600_000), timezone: 'UTC' };
  const quiet = pushable({ device: { ...device('phone'), quiet_hours } });
  messages.states.set('cnv_quiet/phone', quiet);
  messages.states.set('cnv_quiet/tablet', pushable({ device: device('tablet') }));
  const job = await queue.add('cnv_quiet');
  await queue.add('cnv_quiet', { device_id: 'tablet' });
  await waitFor(async () => (await job.getState()) === 'delayed');
  await finished('cnv_quiet');
  expect(provider.about('cnv_quiet').map(({ device_id }) => device_id)).toEqual(['tablet']);
  // Looks again after a while: quiet hours may have been changed meanwhile.
  const [delayed] = await queue.queue.getDelayed(0, 0);
  expect(delayed?.delay).toBeLessThanOrEqual(15 * 60_000);
  await job.remove();
  messages.probes.clear();
});

test('a token that its provider calls dead is dropped, as far as it was registered then', async () => {
  const goneAt = new Date(Date.now() - 5_000);
  provider.refuse = ({ device_id }) => {
    if (device_id === 'old')
      throw new PushError({ outcome: 'gone', reason: 'Unregistered', goneAt });
    throw new PushError({ outcome: 'gone', reason: 'UNREGISTERED' });
  };
  for (const device_id of ['old', 'new']) {
    messages.states.set(`cnv_gone/${device_id}`, pushable({ device: device(device_id) }));
    const job = await queue.add('cnv_gone', { device_id });
    await waitFor(async () => (await job.getState()) === 'completed');
  }
  const registered = messages.states.get('cnv_gone/new')?.device.registered_at;
  expect(messages.dropped).toEqual([
    { token: `${TOKEN}-old`, registered_until: goneAt.toISOString() },
    { token: `${TOKEN}-new`, registered_until: registered },
  ]);
});

test('what is refused for good goes to the dead letters at once', async () => {
  provider.refuse = () => {
    throw new PushError({ outcome: 'refused', reason: 'PayloadTooLarge' });
  };
  messages.states.set('cnv_refused', pushable());
  const job = await queue.add('cnv_refused');
  await waitFor(() => job.isFailed());
  const [failed] = await queue.queue.getFailed(0, 0);
  expect(failed).toMatchObject({ failedReason: 'PayloadTooLarge', attemptsMade: 1 });
  expect(messages.dropped.some(({ token }) => token === `${TOKEN}-phone`)).toBe(false);
});

test('a device that is asked to wait is told later, without using up attempts', async () => {
  let refusals = 2;
  provider.refuse = () => {
    if (refusals-- > 0) {
      throw new PushError({ outcome: 'later', reason: 'TooManyRequests', retryAfterMs: 50 });
    }
  };
  messages.states.set('cnv_wait', pushable());
  const job = await queue.add('cnv_wait', { attempts: 1 });
  await finished('cnv_wait');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(await worker.metrics.metrics()).toMatch(
    /push_send_failures_total\{provider="fake",reason="TooManyRequests"\} 2/,
  );
});

test('a device that cannot be reached keeps one job in the queue, which goes on when it can', async () => {
  let isReachable = false;
  provider.refuse = () => {
    if (!isReachable) throw new PushError({ outcome: 'later', reason: 'away', retryAfterMs: 50 });
  };
  const conversations = Array.from({ length: 20 }, (_, n) => `cnv_away_${n}`);
  const jobs = await Promise.all(
    conversations.map((id) => {
      messages.states.set(id, pushable({ device: device('away') }));
      return queue.add(id, { device_id: 'away' });
    }),
  );
  const left = async () => {
    const states = await Promise.all(jobs.map((job) => job.getState()));
    return states.filter((state) => state !== 'completed').length;
  };
  await waitFor(async () => (await left()) === 1);
  isReachable = true;
  await waitFor(async () => (await left()) === 0);
  const probe = messages.marked.filter((each) => each.device_id === 'away');
  expect(probe).toHaveLength(1);
  expect(messages.probes.has('away')).toBe(false);
});

test('a probe that ends without telling anything says so', async () => {
  const refusal = { reason: 'away', retryAfterMs: 50 };
  provider.refuse = () => {
    throw new PushError({ ...refusal, outcome: messages.probes.has('lost') ? 'refused' : 'later' });
  };
  messages.states.set('cnv_lost', pushable({ device: device('lost') }));
  const job = await queue.add('cnv_lost', { device_id: 'lost' });
  await waitFor(() => job.isFailed());
  expect(messages.released).toContain('cnv_lost');
  provider.refuse = () => undefined;
});

test('what was read is withdrawn, also in quiet hours, and a browser is not told of it', async () => {
  const quiet_hours = { from: '00:00', to: '23:59', timezone: 'UTC' };
  const to = { ...device('silent'), quiet_hours };
  const gone = () =>
    pushable({ seq: 9, rev: 0, change: 'withdrawn', content: null, badge: 0, device: to });
  const withdrawal = { seq: 9, rev: 0, withdrawn: true };
  messages.states.set('cnv_withdrawn', gone());
  await queue.add('cnv_withdrawn', { device_id: 'silent' });
  expect(await finished('cnv_withdrawn')).toMatchObject(withdrawal);
  expect(provider.about('cnv_withdrawn')).toMatchObject([
    { change: 'withdrawn', title: 'Echo', body: '', badge: 0 },
  ]);
  provider.tellsSilently = false;
  messages.states.set('cnv_browser', gone());
  await queue.add('cnv_browser', { device_id: 'silent' });
  expect(await finished('cnv_browser')).toMatchObject(withdrawal);
  expect(provider.offered.some((each) => each.conversation_id === 'cnv_browser')).toBe(false);
  provider.tellsSilently = true;
});

test('a question is pushed with its actions, and then with the choice', async () => {
  const question = { actions: [LABEL, 'Keep them'] };
  messages.states.set('cnv_question', pushable(question));
  await queue.add('cnv_question');
  await finished('cnv_question');
  messages.states.set('cnv_question', pushable({ chosen: 'Keep them', change: 'updated', rev: 3 }));
  await queue.add('cnv_question');
  await waitFor(() => provider.about('cnv_question').length === 2);
  expect(provider.about('cnv_question').map(({ body }) => body)).toEqual([
    `${TEXT}\n[Delete them] [Keep them]`,
    `${TEXT}\n✓ Keep them`,
  ]);
});

test('a job that keeps failing is given up after its attempts', async () => {
  provider.refuse = ({ token }) => {
    throw new Error(`POST /3/device/${token}: ${TEXT}`);
  };
  messages.states.set('cnv_never', pushable());
  const job = await queue.add('cnv_never', { attempts: 2 });
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
