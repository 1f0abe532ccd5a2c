import { fcmError, waitFor } from '@agent-messenger/testkit';
import { startPushStack, type PushStack, type Talk } from './push-setup';

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack();
}, 60_000);
afterAll(() => push.stop(), 60_000);
afterEach(() => {
  for (const standin of [push.standins.apns, push.standins.fcm, push.standins.webpush]) {
    standin.faults.none();
  }
});

const answered = <A>(answer: A) => ({ kind: 'answer' as const, answer });
type Platform = 'apns' | 'fcm' | 'webpush';

/** Someone else's push on the platform: whatever came before it has been dealt with. */
async function afterAnother(platform: Platform): Promise<void> {
  const other = await push.talk();
  await other.register(platform);
  await other.say('another');
  await other.untilShown(1);
}

const pruned = () => push.metric('push_tokens_pruned_total');

/** The device gets no pushes any more. */
async function expectGone(talk: Talk, platform: Platform): Promise<void> {
  const before = talk.shown().length;
  await talk.say('again');
  await afterAnother(platform);
  expect(talk.shown()).toHaveLength(before);
}

/** The device still gets pushes. */
async function expectKept(talk: Talk): Promise<void> {
  const before = talk.shown().length;
  await talk.say('again');
  await talk.untilShown(before + 1);
}

const longAgo = Date.now() - 3_600_000;
const soon = Date.now() + 3_600_000;

test.each([
  ['apns', '410 Unregistered', { status: 410, reason: 'Unregistered', timestamp: soon }],
  ['apns', '400 BadDeviceToken', { status: 400, reason: 'BadDeviceToken' }],
  ['apns', '400 DeviceTokenNotForTopic', { status: 400, reason: 'DeviceTokenNotForTopic' }],
] as const)('%s: after %s the device is gone', async (platform, _name, answer) => {
  const talk = await push.talk();
  await talk.register(platform);
  const before = await pruned();
  push.standins.apns.faults.next(answered(answer));
  await talk.say('one');
  await waitFor(async () => (await pruned()) === before + 1);
  await expectGone(talk, platform);
});

test('apns: a 410 from before the registration removes nothing', async () => {
  const talk = await push.talk();
  await talk.register('apns');
  const { apns } = push.standins;
  const before = apns.requests;
  apns.faults.next(answered({ status: 410, reason: 'Unregistered', timestamp: longAgo }));
  await talk.say('one');
  await waitFor(() => apns.requests > before);
  await expectKept(talk);
});

test('fcm: after UNREGISTERED the device is gone, after a bare 404 or INVALID_ARGUMENT it is not', async () => {
  const { fcm } = push.standins;
  const [gone, kept] = [await push.talk(), await push.talk()];
  const before = await pruned();
  await gone.register('fcm');
  fcm.faults.next(answered(fcmError(404, 'UNREGISTERED')));
  await gone.say('one');
  await waitFor(async () => (await pruned()) === before + 1);
  await expectGone(gone, 'fcm');

  await kept.register('fcm');
  for (const answer of [
    fcmError(400, 'INVALID_ARGUMENT'),
    fcmError(403, 'SENDER_ID_MISMATCH'),
    fcmError(404, 'NOT_FOUND', { bare: true }),
  ]) {
    const requests = fcm.requests;
    fcm.faults.next(answered(answer));
    await kept.say('one');
    await waitFor(() => fcm.requests > requests);
    await expectKept(kept);
  }
  expect(await pruned()).toBe(before + 1);
  expect(push.stack.logs('push-worker')).toMatch(/SENDER_ID_MISMATCH.*set up wrongly/);
});

test.each([404, 410])('webpush: after %d the subscription is gone', async (status) => {
  const talk = await push.talk();
  await talk.register('webpush');
  const before = await pruned();
  push.standins.webpush.faults.next(answered({ status }));
  await talk.say('one');
  await waitFor(async () => (await pruned()) === before + 1);
  await expectGone(talk, 'webpush');
});

test.each([
  ['apns', '429', { status: 429, reason: 'TooManyRequests', retryAfterS: 1 }],
  ['apns', '500', { status: 500, reason: 'InternalServerError' }],
  ['apns', '503', { status: 503, reason: 'Shutdown', retryAfterS: 1 }],
  ['fcm', 'QUOTA_EXCEEDED', fcmError(429, 'QUOTA_EXCEEDED', { retryAfterS: 1 })],
  ['fcm', 'INTERNAL', fcmError(500, 'INTERNAL')],
  ['fcm', 'UNAVAILABLE', fcmError(503, 'UNAVAILABLE')],
  ['webpush', '429', { status: 429, retryAfterS: 1 }],
  ['webpush', '503', { status: 503 }],
] as const)('%s: %s passes, and the push comes', async (platform, _name, answer) => {
  const talk = await push.talk();
  await talk.register(platform);
  if (platform === 'apns') push.standins.apns.faults.next(answered(answer as never));
  else push.standins[platform].faults.next(answered(answer));
  const began = Date.now();
  const seq = await talk.say('one');
  const [shown] = await talk.untilShown(1);
  expect(shown?.seq).toBe(seq);
  if ('retryAfterS' in answer) expect((shown?.at ?? 0) - began).toBeGreaterThan(1_000);
});

test.each(['goaway', 'drop'] as const)(
  'apns: after %s it goes on over a new connection',
  async (kind) => {
    const { apns } = push.standins;
    await afterAnother('apns');
    const connections = apns.connections;
    const talk = await push.talk();
    await talk.register('apns');
    apns.faults.next({ kind });
    await talk.say('one');
    await talk.untilShown(1);
    await afterAnother('apns');
    expect(apns.connections).toBeGreaterThan(connections);
  },
);

test('a redirect of a push service is not followed', async () => {
  const talk = await push.talk();
  await talk.register('webpush');
  const { webpush, fcm } = push.standins;
  const [requests, complaints] = [webpush.requests, fcm.complaints.length];
  webpush.faults.next(answered({ status: 307, location: `${fcm.origin}/elsewhere` }));
  await talk.say('one');
  await waitFor(() => webpush.requests > requests);
  await afterAnother('webpush');
  expect(fcm.complaints.length).toBe(complaints);
});

test('endpoints that are not those of a push service are refused; what a push service refuses is a dead letter', async () => {
  const talk = await push.talk();
  const keys = push.standins.webpush.subscribe(push.standins.vapidPublicKey).keys;
  const { origin } = push.standins.apns;
  const connections = push.standins.apns.connections;
  const body = { device_id: 'evil', platform: 'webpush', token: `${origin}/x`, keys };
  const http = { ...body, token: 'http://169.254.169.254/latest' };
  for (const evil of [body, http]) {
    expect((await talk.call('POST', '/push/register', evil)).status).toBe(400);
  }
  const { endpoint, keys: own } = push.standins.webpush.subscribe(push.standins.vapidPublicKey);
  const browser = { ...body, token: endpoint, keys: own };
  expect((await talk.call('POST', '/push/register', browser)).status).toBe(204);
  push.standins.webpush.faults.next({ kind: 'answer', answer: { status: 413 } });
  await talk.say('one');

  interface Dead {
    dead: { id: string; user_id: string; reason: string }[];
  }
  const dead = async () => {
    const { body: page } = await push.admin('GET', '/admin/push/dead?limit=200');
    return (page as Dead).dead.find(({ user_id }) => user_id === talk.person.user_id);
  };
  const letter = await waitFor(dead);
  expect(letter.reason).toContain('413');
  expect(push.standins.apns.connections).toBe(connections);

  const replayed = await push.admin('POST', '/admin/push/dead/replay', { ids: [letter.id] });
  expect(replayed).toEqual({ status: 200, body: { replayed: 1 } });
  await talk.untilShown(1);
  expect(await dead()).toBeUndefined();
});
