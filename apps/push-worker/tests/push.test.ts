import { waitFor } from '@agent-messenger/testkit';
import { PushError } from '../src/providers/provider';
import {
  device,
  gate,
  justPushed,
  pushable,
  TEXT,
  TOKEN,
  type FakeProvider,
  type OpenQueue,
  type TestWorker,
} from './setup';
import { useWorkerSetting } from './worker-setting';

const LABEL = 'Delete them';

const setting = useWorkerSetting();
let worker: TestWorker;
let provider: FakeProvider;
let queue: OpenQueue['queue'];
let add: OpenQueue['add'];
beforeAll(async () => {
  const env = { PUSH_MIN_INTERVAL_MS: '400' };
  ({ worker, provider, queue, add } = await setting.start('am', env));
});

const finished = (conversationId: string) =>
  waitFor(() =>
    setting.messages.marked.find(({ conversation_id }) => conversation_id === conversationId),
  );

test('a job is sent as things stand, and marked', async () => {
  setting.messages.states.set('cnv_plain', pushable({ seq: 7, badge: 3 }));
  await add('cnv_plain');
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
  setting.messages.states.set(`cnv_empty ${name}`, pushable({ content }));
  await add(`cnv_empty ${name}`);
  await finished(`cnv_empty ${name}`);
  expect(provider.about(`cnv_empty ${name}`)[0]?.body).toBe('New message');
});

test('with previews off no text leaves the installation', async () => {
  const { provider: discreet, add } = await setting.start('discreet', { PUSH_PREVIEWS: 'false' });
  setting.messages.states.set('cnv_discreet', pushable({ actions: [LABEL] }));
  await add('cnv_discreet');
  await finished('cnv_discreet');
  expect(discreet.about('cnv_discreet')).toMatchObject([{ title: 'Echo', body: 'New message' }]);
  expect(JSON.stringify(discreet.offered)).not.toContain(TEXT);
  expect(JSON.stringify(discreet.offered)).not.toContain(LABEL);
});

test('with nothing left to say, nothing is sent', async () => {
  const job = await add('cnv_gone');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.about('cnv_gone')).toEqual([]);
  expect(
    setting.messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_gone'),
  ).toBe(false);
});

test('what comes too soon after a push is delayed, and then sent', async () => {
  // However long the job takes to be taken, its push is too soon.
  const { state, end } = justPushed();
  setting.messages.states.set('cnv_soon', state);
  const job = await add('cnv_soon');
  await waitFor(async () => (await job.getState()) === 'delayed');
  expect(provider.about('cnv_soon')).toEqual([]);
  const pushedAt = end();
  await finished('cnv_soon');
  expect(provider.about('cnv_soon')[0]?.at).toBeGreaterThanOrEqual(pushedAt + 400);
});

test('what was told before the clock was set back an hour delays nothing', async () => {
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  setting.messages.states.set('cnv_clock', pushable({ pushed_at: ahead }));
  await add('cnv_clock');
  await finished('cnv_clock');
  expect(provider.about('cnv_clock')).toHaveLength(1);
});

test('the last message of a burst is pushed although a job was active', async () => {
  const release = gate();
  provider.refuse = () => release.passed;
  setting.messages.states.set('cnv_burst', pushable({ seq: 2 }));
  await add('cnv_burst');
  await waitFor(() =>
    provider.offered.some(({ conversation_id }) => conversation_id === 'cnv_burst'),
  );
  setting.messages.states.set('cnv_burst', pushable({ seq: 9 }));
  await add('cnv_burst');
  release.open();
  await waitFor(() => provider.about('cnv_burst').length === 2);
  expect(provider.about('cnv_burst').map(({ seq }) => seq)).toEqual([2, 9]);
});

test('a store that is away delays a push and uses up none of its attempts', async () => {
  setting.messages.states.set('cnv_retry', pushable());
  setting.messages.failures = 2;
  await add('cnv_retry', { attempts: 1 });
  await finished('cnv_retry');
  expect(provider.about('cnv_retry')).toHaveLength(1);
  expect(await worker.metrics.metrics()).toMatch(
    /push_job_failures_total\{reason="unavailable"\} 2/,
  );
});

test('what was sent while the store could not note it is noted later, and not sent again', async () => {
  setting.messages.states.set('cnv_noted', pushable({ seq: 5 }));
  setting.messages.markFailures = 1;
  const job = await add('cnv_noted', { attempts: 1 });
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(
    setting.messages.marked.filter(({ conversation_id }) => conversation_id === 'cnv_noted'),
  ).toEqual([{ user_id: 'usr_1', conversation_id: 'cnv_noted', device_id: 'phone', seq: 5 }]);
  expect(provider.about('cnv_noted')).toHaveLength(1);
});

test('what is read, received or muted while its job waits is not sent', async () => {
  setting.messages.states.set('cnv_read', justPushed().state);
  const job = await add('cnv_read');
  await waitFor(async () => (await job.getState()) === 'delayed');
  setting.messages.states.delete('cnv_read');
  await waitFor(async () => (await queue.getJobState(job.id ?? '')) === 'completed');
  expect(provider.about('cnv_read')).toEqual([]);
});

test('what is old news is dropped and counted', async () => {
  const at = new Date(Date.now() - 86_400_000).toISOString();
  setting.messages.states.set('cnv_old', pushable({ at }));
  const job = await add('cnv_old');
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
  setting.messages.states.set('cnv_aging', {
    ...pushable(),
    get at() {
      return (at ??= new Date(Date.now() - 86_400_000 + 1_000).toISOString());
    },
  });
  const job = await add('cnv_aging');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.offered.filter((each) => each.conversation_id === 'cnv_aging')).toHaveLength(1);
  expect(await worker.metrics.metrics()).toMatch(/push_expired_total\{platform="apns"\} 2/);
  provider.refuse = () => undefined;
});

test('a device that came back with another platform is told by the jobs of that one', async () => {
  const android = { ...device('phone'), platform: 'fcm' as const };
  setting.messages.states.set('cnv_switched', pushable({ device: android }));
  const job = await add('cnv_switched');
  await waitFor(async () => (await job.getState()) === 'completed');
  expect(provider.offered.some((each) => each.conversation_id === 'cnv_switched')).toBe(false);
});

test('in quiet hours a device is not told; another one of the person is', async () => {
  const now = Date.now();
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  const quiet_hours = { from: clock(now), to: clock(now + 2 * 3_600_000), timezone: 'UTC' };
  const quiet = pushable({ device: { ...device('phone'), quiet_hours } });
  setting.messages.states.set('cnv_quiet/phone', quiet);
  setting.messages.states.set('cnv_quiet/tablet', pushable({ device: device('tablet') }));
  const job = await add('cnv_quiet');
  await add('cnv_quiet', { device_id: 'tablet' });
  await waitFor(async () => (await job.getState()) === 'delayed');
  await finished('cnv_quiet');
  expect(provider.about('cnv_quiet').map(({ device_id }) => device_id)).toEqual(['tablet']);
  // Looks again after a while: quiet hours may have been changed meanwhile.
  const [delayed] = await queue.getDelayed(0, 0);
  expect(delayed?.delay).toBeLessThanOrEqual(15 * 60_000);
  await job.remove();
  setting.messages.probes.clear();
});

test('a token that its provider calls dead is dropped, as far as it was registered then', async () => {
  const goneAt = new Date(Date.now() - 5_000);
  provider.refuse = ({ device_id }) => {
    if (device_id === 'old')
      throw new PushError({ outcome: 'gone', reason: 'Unregistered', goneAt });
    throw new PushError({ outcome: 'gone', reason: 'UNREGISTERED' });
  };
  for (const device_id of ['old', 'new']) {
    setting.messages.states.set(`cnv_gone/${device_id}`, pushable({ device: device(device_id) }));
    const job = await add('cnv_gone', { device_id });
    await waitFor(async () => (await job.getState()) === 'completed');
  }
  const registered = setting.messages.states.get('cnv_gone/new')?.device.registered_at;
  expect(setting.messages.dropped).toEqual([
    { token: `${TOKEN}-old`, registered_until: goneAt.toISOString() },
    { token: `${TOKEN}-new`, registered_until: registered },
  ]);
});

test('what is refused for good goes to the dead letters at once', async () => {
  provider.refuse = () => {
    throw new PushError({ outcome: 'refused', reason: 'PayloadTooLarge' });
  };
  setting.messages.states.set('cnv_refused', pushable());
  const job = await add('cnv_refused');
  await waitFor(() => job.isFailed());
  const [failed] = await queue.getFailed(0, 0);
  expect(failed).toMatchObject({ failedReason: 'PayloadTooLarge', attemptsMade: 1 });
  expect(setting.messages.dropped.some(({ token }) => token === `${TOKEN}-phone`)).toBe(false);
});

test('a device that is asked to wait is told later, without using up attempts', async () => {
  let refusals = 2;
  provider.refuse = () => {
    if (refusals-- > 0) {
      throw new PushError({ outcome: 'later', reason: 'TooManyRequests', retryAfterMs: 50 });
    }
  };
  setting.messages.states.set('cnv_wait', pushable());
  const job = await add('cnv_wait', { attempts: 1 });
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
      setting.messages.states.set(id, pushable({ device: device('away') }));
      return add(id, { device_id: 'away' });
    }),
  );
  const left = async () => {
    const states = await Promise.all(jobs.map((job) => job.getState()));
    return states.filter((state) => state !== 'completed').length;
  };
  await waitFor(async () => (await left()) === 1);
  isReachable = true;
  await waitFor(async () => (await left()) === 0);
  const probe = setting.messages.marked.filter((each) => each.device_id === 'away');
  expect(probe).toHaveLength(1);
  expect(setting.messages.probes.has('away')).toBe(false);
});

test('a probe that ends without telling anything says so', async () => {
  const refusal = { reason: 'away', retryAfterMs: 50 };
  provider.refuse = () => {
    throw new PushError({
      ...refusal,
      outcome: setting.messages.probes.has('lost') ? 'refused' : 'later',
    });
  };
  setting.messages.states.set('cnv_lost', pushable({ device: device('lost') }));
  const job = await add('cnv_lost', { device_id: 'lost' });
  await waitFor(() => job.isFailed());
  expect(setting.messages.released).toContain('cnv_lost');
  provider.refuse = () => undefined;
});

test('what was read is withdrawn, also in quiet hours, and a browser is not told of it', async () => {
  const quiet_hours = { from: '00:00', to: '23:59', timezone: 'UTC' };
  const to = { ...device('silent'), quiet_hours };
  const gone = () =>
    pushable({ seq: 9, rev: 0, change: 'withdrawn', content: null, badge: 0, device: to });
  const withdrawal = { seq: 9, rev: 0, withdrawn: true };
  setting.messages.states.set('cnv_withdrawn', gone());
  await add('cnv_withdrawn', { device_id: 'silent' });
  expect(await finished('cnv_withdrawn')).toMatchObject(withdrawal);
  expect(provider.about('cnv_withdrawn')).toMatchObject([
    { change: 'withdrawn', title: 'Echo', body: '', badge: 0 },
  ]);
  provider.pushesSilently = false;
  setting.messages.states.set('cnv_browser', gone());
  await add('cnv_browser', { device_id: 'silent' });
  expect(await finished('cnv_browser')).toMatchObject(withdrawal);
  expect(provider.offered.some((each) => each.conversation_id === 'cnv_browser')).toBe(false);
  provider.pushesSilently = true;
});

test('a question is pushed with its actions, and then with the choice', async () => {
  const question = { actions: [LABEL, 'Keep them'] };
  setting.messages.states.set('cnv_question', pushable(question));
  await add('cnv_question');
  await finished('cnv_question');
  setting.messages.states.set(
    'cnv_question',
    pushable({ chosen: 'Keep them', change: 'updated', rev: 3 }),
  );
  await add('cnv_question');
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
  setting.messages.states.set('cnv_never', pushable());
  const job = await add('cnv_never', { attempts: 2 });
  await waitFor(() => job.isFailed());
  expect(
    setting.messages.marked.some(({ conversation_id }) => conversation_id === 'cnv_never'),
  ).toBe(false);
});

test('a job that is no push job fails at once', async () => {
  const job = await queue.add('push', { user_id: 7 }, { attempts: 5 });
  await waitFor(() => job.isFailed());
  const [failed] = await queue.getFailed(0, 0);
  expect(failed?.attemptsMade).toBe(1);
});

// Last: it looks at what all the others left.
test('neither text nor device token is in a log line or in Redis', async () => {
  expect(worker.lines.join()).toContain('cnv_never');
  expect(worker.lines.join()).not.toContain(TEXT);
  expect(worker.lines.join()).not.toContain(TOKEN);
  const jobs = JSON.stringify(await queue.getJobs());
  expect(jobs).toContain('cnv_never');
  expect(jobs).not.toContain(TEXT);
  expect(jobs).not.toContain(TOKEN);
});
