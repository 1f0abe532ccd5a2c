import { TestSocket, waitFor } from '@agent-messenger/testkit';
import { startPushStack, type PushStack } from './push-setup';

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack();
}, 60_000);
afterAll(() => push.stop(), 60_000);

test('who is offline gets one notification on each device, as it should look', async () => {
  const talk = await push.talk();
  const tokens = [];
  for (const platform of ['apns', 'fcm', 'webpush'] as const) {
    tokens.push(await talk.register(platform));
  }
  const before = Date.now();
  const seq = await talk.say('The report is ready.');
  const shown = await talk.untilShown(3);
  expect(shown.map(({ token }) => token).toSorted()).toEqual(tokens.toSorted());
  for (const notification of shown) {
    expect(notification).toMatchObject({
      title: 'Ada',
      body: 'The report is ready.',
      badge: 1,
      conversation_id: talk.conversation,
      seq,
      urgent: true,
      ...(notification.platform !== 'webpush' && { sound: 'default' }),
    });
    // A day after the message, as PUSH_TTL_S says, in whole seconds: not earlier, and it was shown after it was sent.
    expect(notification.expires_at).toBeGreaterThan(before + 86_400_000 - 1_000);
    expect(notification.expires_at).toBeLessThanOrEqual(notification.at + 86_400_000 + 1_000);
  }
  const { apns, fcm, webpush } = push.standins;
  expect([apns.complaints, fcm.complaints, webpush.complaints]).toEqual([[], [], []]);
  expect(apns.connections).toBe(1);
});

test('a long message is cut between graphemes', async () => {
  const talk = await push.talk();
  await talk.register('apns');
  await talk.say('👩‍👩‍👧‍👦 '.repeat(50));
  const [shown] = await talk.untilShown(1);
  expect(shown?.body).toMatch(/^(👩‍👩‍👧‍👦 ){7}👩‍👩‍👧‍👦…$/u);
});

test('who is online and has received gets none', async () => {
  const [here, away] = [await push.talk(), await push.talk()];
  await here.register('apns');
  await away.register('apns');
  const socket = await new TestSocket(push.url, '/client', {
    token: here.person.access_token,
  }).synced();
  await push.beforePushes(async () => {
    const seq = await here.say('seen');
    await socket.when('event', (event) => event.seq === seq);
    await socket.request('received', { conversation_id: here.conversation, seq });
    await here.untilReceived(seq);
  });
  await away.say('unseen');
  // The later one has come, so the earlier one was passed over.
  await away.untilShown(1);
  await push.untilIdle('apns');
  expect(here.shown()).toEqual([]);
  socket.close();
});

test('a connection that is open and dead does not swallow the push', async () => {
  const talk = await push.talk();
  await talk.register('apns');
  // Takes the event and never says that it has received it, as a phone that has gone to sleep.
  const socket = await new TestSocket(push.url, '/client', {
    token: talk.person.access_token,
  }).synced();
  const seq = await talk.say('are you there?');
  await socket.when('event', (event) => event.seq === seq);
  const [shown] = await talk.untilShown(1);
  expect(shown?.seq).toBe(seq);
  socket.close();
});

test('a burst becomes few notifications, and the last one speaks for all', async () => {
  const talk = await push.talk();
  await talk.register('apns');
  let last = 0;
  for (let n = 1; n <= 50; n += 1) last = await talk.say(`message ${n}`);
  const final = await waitFor(() => talk.shown().find(({ seq }) => seq === last), {
    describe: 'the last one',
  });
  expect(final).toMatchObject({ body: 'message 50', badge: 50 });
  // One at the start, and one for each interval after it: how many that are depends on how long sending takes.
  const times = talk.shown().map(({ at }) => at);
  expect(times.slice(1).every((at, n) => at - (times[n] ?? 0) >= 290)).toBe(true);
});

test('what is read on another device within the grace is not pushed', async () => {
  const [talk, later] = [await push.talk(), await push.talk()];
  for (const each of [talk, later]) await each.register('fcm');
  await push.beforePushes(async () => {
    const seq = await talk.say('read at once');
    const read = await talk.call('POST', `/conversations/${talk.conversation}/read`, { seq });
    expect(read.status).toBe(200);
  });
  await later.say('not read');
  await later.untilShown(1);
  await push.untilIdle('fcm');
  expect(talk.shown()).toEqual([]);
});

test('muted conversations and quiet hours are respected', async () => {
  const [muted, quiet, loud] = [await push.talk(), await push.talk(), await push.talk()];
  await muted.register('apns');
  await loud.register('apns');
  const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
  const quiet_hours = { from: clock(-60_000), to: clock(3_600_000), timezone: 'UTC' };
  await quiet.register('apns', { quiet_hours });
  await muted.call('PATCH', `/conversations/${muted.conversation}`, { muted: true });
  for (const each of [muted, quiet, loud]) await each.say('psst');
  await loud.untilShown(1);
  expect([muted.shown(), quiet.shown()]).toEqual([[], []]);
});

test('after unregistering and after logout nothing is pushed', async () => {
  const [gone, out, still] = [await push.talk(), await push.talk(), await push.talk()];
  const token = await gone.register('apns');
  const push_token = await out.register('fcm');
  await still.register('fcm');
  expect((await gone.call('DELETE', '/push/unregister', { token })).status).toBe(204);
  const { refresh_token } = out.person;
  expect((await out.call('POST', '/auth/logout', { refresh_token, push_token })).status).toBe(204);
  for (const each of [gone, out, still]) await each.say('hello?');
  await still.untilShown(1);
  await push.untilIdle('fcm');
  expect([gone.shown(), out.shown()]).toEqual([[], []]);
});

test('clients learn what can be pushed, and operators what cannot', async () => {
  const talk = await push.talk();
  expect((await talk.call('GET', '/push/config')).body).toEqual({
    platforms: ['apns', 'fcm', 'webpush'],
    webpush_public_key: push.standins.vapidPublicKey,
    webpush_origins: [push.standins.webpush.origin],
  });
  expect((await push.admin('GET', '/health')).body).toMatchObject({
    push: { apns: 'on', fcm: 'on', webpush: 'on' },
  });
});
