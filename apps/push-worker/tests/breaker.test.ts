import { waitFor } from '@agent-messenger/testkit';
import { PushError } from '../src/providers/provider';
import {
  device,
  openQueue,
  pushable,
  type FakeProvider,
  type OpenQueue,
  type TestWorker,
} from './setup';
import { useWorkerSetting } from './worker-setting';

const setting = useWorkerSetting();
let worker: TestWorker;
let provider: FakeProvider;
let queue: OpenQueue['queue'];
let add: OpenQueue['add'];
beforeAll(async () => {
  const env = { PUSH_BREAKER_MS: '1500' };
  ({ worker, provider, queue, add } = await setting.start('am', env, ['apns', 'fcm']));
});

test('a provider that is down holds up its own jobs, which go out when it is back', async () => {
  const fcm = openQueue(setting.redis.url, 'am', 'fcm');
  let isDown = true;
  provider.refuse = ({ platform }) => {
    if (platform === 'apns' && isDown) throw new PushError({ outcome: 'down', reason: 'timeout' });
  };
  const conversations = Array.from({ length: 30 }, (_, n) => `cnv_${n}`);
  for (const conversation of conversations) {
    setting.messages.states.set(conversation, pushable({ device: device(conversation) }));
    await add(conversation, { device_id: conversation });
  }
  const isOpen = async () =>
    /push_breaker_open\{platform="apns"\} 1/.test(await worker.metrics.metrics());
  await waitFor(isOpen);

  const android = { ...device('android'), platform: 'fcm' as const };
  setting.messages.states.set('cnv_fcm/android', pushable({ device: android }));
  await fcm.add('cnv_fcm', { device_id: 'android' });
  await waitFor(() => provider.about('cnv_fcm').length === 1);
  expect(await isOpen()).toBe(true);

  // All of them have had their turn, and few of them reached the provider.
  await waitFor(async () => (await queue.getDelayedCount()) === 30);
  const offered = provider.offered.filter(({ conversation_id }) => conversation_id !== 'cnv_fcm');
  expect(offered.length).toBeLessThan(60);
  isDown = false;
  await waitFor(() => conversations.every((each) => provider.about(each).length === 1), {
    timeoutMs: 30_000,
  });
  expect(await isOpen()).toBe(false);
  expect(await queue.getFailedCount()).toBe(0);
  await fcm.queue.close();
});

test('what is set up wrongly raises an alarm, and waits for someone who acts', async () => {
  provider.refuse = () => {
    throw new PushError({ outcome: 'misconfigured', reason: 'InvalidProviderToken' });
  };
  setting.messages.states.set('cnv_wrong', pushable());
  const job = await add('cnv_wrong');
  await waitFor(async () => (await job.getState()) === 'delayed');
  const alarms = worker.lines.filter((line) => line.includes('"level":50'));
  expect(alarms.join()).toContain('InvalidProviderToken');
  expect(await worker.metrics.metrics()).toMatch(
    /push_misconfigured_total\{platform="apns"\} [1-9]/,
  );
  expect(setting.messages.dropped).toEqual([]);
  provider.refuse = () => undefined;
  await waitFor(() => provider.about('cnv_wrong').length === 1);
});

test('of a provider with several servers, one that is down holds up its own devices only', async () => {
  // A refusal to name one says nothing of any server.
  provider.serverOf = ({ device_id }) => {
    const [server = ''] = device_id.split('-');
    if (server === 'evil') throw new PushError({ outcome: 'refused', reason: 'not_allowed' });
    return server;
  };
  provider.refuse = ({ device_id }) => {
    if (device_id.startsWith('a-')) throw new PushError({ outcome: 'down', reason: 'status_503' });
  };
  const push = async (conversation: string, device_id: string) => {
    setting.messages.states.set(conversation, pushable({ device: device(device_id) }));
    return add(conversation, { device_id });
  };
  for (let n = 0; n < 10; n += 1) await push(`cnv_a_${n}`, `a-${n}`);
  const isOpen = async () =>
    /push_breaker_open\{platform="apns"\} 1/.test(await worker.metrics.metrics());
  await waitFor(isOpen);
  const evil = await push('cnv_evil', 'evil-1');
  await waitFor(() => evil.isFailed());
  await push('cnv_b', 'b-1');
  await waitFor(() => provider.about('cnv_b').length === 1);
  expect(await isOpen()).toBe(true);
  provider.refuse = () => undefined;
  await waitFor(async () => !(await isOpen()));
  delete provider.serverOf;
});

test('the jobs of a provider that asked to be left alone ask the store for nothing to send', async () => {
  const { provider: shy, queue, add } = await setting.start('shy');
  shy.refuse = () => {
    throw new PushError({ outcome: 'down', reason: 'status_503', retryAfterMs: 3_600_000 });
  };
  setting.messages.states.set('cnv_first', pushable());
  const first = await add('cnv_first');
  await waitFor(async () => (await first.getState()) === 'delayed');
  for (let n = 0; n < 5; n += 1) {
    const job = await add(`cnv_next_${n}`, { device_id: `next-${n}` });
    await waitFor(async () => (await job.getState()) === 'delayed');
  }
  expect(setting.messages.asked.filter((id) => id.startsWith('cnv_next'))).toEqual([]);
  expect(shy.offered).toHaveLength(1);
  const [delayed] = await queue.getDelayed(0, 0);
  expect(delayed?.delay).toBeGreaterThan(3_500_000);
});
