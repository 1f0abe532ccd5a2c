import { waitFor } from '@agent-messenger/testkit';
import { startPushStack, type PushStack } from './push-setup';

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack({
    'push-worker': { PUSH_LOCK_MS: '1000', PUSH_DEADLINE_MS: '5000' },
  });
}, 60_000);
afterAll(() => push.stop(), 60_000);

test('a provider that is down for half a minute holds up its own pushes, and they come after it', async () => {
  const { apns } = push.standins;
  const [phone, tablet] = [await push.talk(), await push.talk()];
  await phone.register('apns');
  await phone.register('fcm');
  await tablet.register('apns');
  await apns.down();
  const downAt = Date.now();
  await phone.say('one');
  const last = await phone.say('two');
  await tablet.say('hello');
  await phone.untilShown(1);
  expect(phone.shown().every(({ platform }) => platform === 'fcm')).toBe(true);
  await waitFor(() => Date.now() - downAt > 30_000, { timeoutMs: 40_000 });
  await apns.up();
  const late = await waitFor(() => phone.shown().find(({ platform }) => platform === 'apns'), {
    timeoutMs: 40_000,
  });
  expect(late.seq).toBe(last);
  await tablet.untilShown(1, 40_000);
  expect(phone.shown().filter(({ platform }) => platform === 'apns')).toHaveLength(1);
}, 120_000);

test("a killed worker's job is taken over, and the person sees one notification", async () => {
  const { apns } = push.standins;
  const talk = await push.talk();
  await talk.register('apns');
  const requests = apns.requests;
  // The answer never comes: the worker dies while it waits for it.
  apns.faults.next({ kind: 'silence' });
  const seq = await talk.say('one');
  await waitFor(() => apns.requests > requests);
  await push.stack.pushWorker.kill('SIGKILL');
  await push.stack.pushWorker.start();
  const [shown] = await talk.untilShown(1);
  expect(shown?.seq).toBe(seq);
  const other = await push.talk();
  await other.register('apns');
  await other.say('another');
  await other.untilShown(1);
  expect(talk.shown()).toHaveLength(1);
}, 60_000);

test('while the queue is down live messages flow, and the push comes after it', async () => {
  const talk = await push.talk();
  await talk.register('fcm');
  await push.stack.redis.kill();
  const read = () => talk.call('GET', `/conversations/${talk.conversation}/messages`);
  expect((await read()).status).toBe(200);
  await push.stack.redis.start();
  const seq = await waitFor(() => talk.say('one').catch(() => undefined), { timeoutMs: 30_000 });
  const [shown] = await talk.untilShown(1, 30_000);
  expect(shown?.seq).toBe(seq);
}, 90_000);
