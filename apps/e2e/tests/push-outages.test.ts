import { PUSH_PLATFORMS, type PushPlatform } from '@agent-messenger/contracts';
import { waitFor } from '@agent-messenger/testkit';
import { onScreens, startPushStack, type PushStack, type Talk } from './push-setup';

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack({
    env: { 'push-worker': { PUSH_LOCK_MS: '1000', PUSH_DEADLINE_MS: '30000' } },
  });
}, 60_000);
afterAll(() => push.stop(), 60_000);

test('a provider that is down holds up its own pushes, and they come after it', async () => {
  const { apns } = push.standins;
  const [phone, tablet] = [await push.talk(), await push.talk()];
  await phone.register('apns');
  await phone.register('fcm');
  await tablet.register('apns');
  await apns.down();
  await phone.say('one');
  const last = await phone.say('two');
  await tablet.say('hello');
  await phone.untilShown(1);
  expect(phone.shown().every(({ platform }) => platform === 'fcm')).toBe(true);
  await waitFor(async () => (await push.metric('push_breaker_open{platform="apns"}')) === 1, {
    timeoutMs: 60_000,
    describe: 'the worker to leave it alone',
  });
  await apns.up();
  const late = await waitFor(() => phone.shown().find(({ platform }) => platform === 'apns'), {
    timeoutMs: 40_000,
  });
  expect(late.seq).toBe(last);
  await tablet.untilShown(1, 40_000);
  expect(phone.shown().filter(({ platform }) => platform === 'apns')).toHaveLength(1);
}, 120_000);

/** As when its node dies. */
async function replaceWorker(): Promise<void> {
  await push.stack.pushWorker.kill('SIGKILL');
  await push.stack.pushWorker.start();
}

/** Someone else's push on the platform. */
async function afterAnother(platform: PushPlatform): Promise<void> {
  const other = await push.talk();
  await other.register(platform);
  await other.say('another');
  await other.untilShown(1);
}

describe("a killed worker's job is taken over, and the person is told once", () => {
  test('killed before the provider was asked', async () => {
    const { fcm } = push.standins;
    // Without an access token of Google it asks for one first: it is killed while it waits for that.
    await replaceWorker();
    fcm.tokenFaults.next({ kind: 'silence' });
    const { requests } = fcm;
    const talk = await push.talk();
    await talk.register('fcm');
    const seq = await talk.say('one');
    await waitFor(() => fcm.tokenFaults.areTaken);
    await replaceWorker();
    const [shown] = await talk.untilShown(1);
    expect(shown?.seq).toBe(seq);
    await afterAnother('fcm');
    await push.untilIdle('fcm');
    expect(talk.shown()).toHaveLength(1);
    expect(fcm.requests).toBe(requests + 2);
  }, 60_000);

  test('killed before the provider took it', async () => {
    const { apns } = push.standins;
    const talk = await push.talk();
    await talk.register('apns');
    apns.faults.next({ kind: 'silence' });
    const seq = await talk.say('one');
    await waitFor(() => apns.faults.areTaken);
    await replaceWorker();
    const [shown] = await talk.untilShown(1);
    expect(shown?.seq).toBe(seq);
    await afterAnother('apns');
    await push.untilIdle('apns');
    expect(talk.shown()).toHaveLength(1);
  }, 60_000);

  // No provider can be told that it has taken this one already: it is sent again, and takes its own place.
  test.each(PUSH_PLATFORMS)(
    'killed after %s took it and before it was noted',
    async (platform) => {
      const talk = await push.talk();
      await talk.register(platform);
      push.standins[platform].faults.next({ kind: 'delay', ms: 60_000 });
      const seq = await talk.say('one');
      await talk.untilShown(1);
      await replaceWorker();
      await talk.untilShown(2);
      await afterAnother(platform);
      await push.untilIdle(platform);
      expect(talk.shown()).toHaveLength(2);
      expect(onScreens(talk.shown())).toMatchObject([{ seq, body: 'one', badge: 1 }]);
    },
    60_000,
  );
});

test('a worker that is told to end while its provider hangs ends in time, and the next one goes on', async () => {
  const { webpush } = push.standins;
  const talk = await push.talk();
  await talk.register('webpush');
  webpush.faults.next({ kind: 'silence' });
  const seq = await talk.say('one');
  await waitFor(() => webpush.faults.areTaken);
  // Not killed: it does not wait for the provider.
  await push.stack.pushWorker.stop();
  expect(push.stack.pushWorker.lastEnd).toBe('exit code 0');
  await push.stack.pushWorker.start();
  const [shown] = await talk.untilShown(1);
  expect(shown?.seq).toBe(seq);
}, 60_000);

test('what changes while a job waits for its provider counts', async () => {
  const { apns } = push.standins;
  const talks = await Promise.all(Array.from({ length: 5 }, () => push.talk()));
  const [moved, muted, read, gone, still] = talks as [Talk, Talk, Talk, Talk, Talk];
  const [token] = await Promise.all(talks.map((talk) => talk.register('apns')));
  const goneToken = await gone.register('apns', { device_id: 'tablet' });
  await apns.down();
  const [, , readSeq] = await Promise.all(talks.map((talk) => talk.say('private')));
  const failed = 'push_send_failures_total{provider="apns",reason="connection"}';
  const before = await push.metric(failed);
  await waitFor(async () => (await push.metric(failed)) > before);

  const heir = await push.talk();
  await heir.register('apns', { token });
  await muted.call('PATCH', `/conversations/${muted.conversation}`, { muted: true });
  await read.call('POST', `/conversations/${read.conversation}/read`, { seq: readSeq });
  await gone.call('DELETE', '/push/unregister', { token: goneToken });
  await apns.up();
  await still.untilShown(1);
  await push.untilIdle('apns');
  expect([moved, muted, read].flatMap((talk) => talk.shown())).toEqual([]);
  expect(gone.shown().map((shown) => shown.token)).not.toContain(goneToken);
  await heir.say('hello');
  expect(await heir.untilShown(1)).toMatchObject([{ token, body: 'hello' }]);
}, 60_000);
