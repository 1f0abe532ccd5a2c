import { fcmError, waitFor } from '@agent-messenger/testkit';
import {
  androidDevice,
  notification,
  startProviderSetup,
  verdictOf,
  type ProviderSetup,
} from './provider-setup';
import { gate } from './setup';

let setup: ProviderSetup;
beforeAll(async () => {
  setup = await startProviderSetup();
});
afterAll(() => setup.stop());
afterEach(() => {
  setup.standins.fcm.faults.none();
  setup.standins.fcm.tokenFaults.none();
});

const about = (conversation_id: string) => notification({ conversation_id });

// First: the SDK waits for so long with a timer that would outlive the last test.
test('the verdict on 503 comes with the answer, and not after the wait that it asks for', async () => {
  const provider = await setup.create('fcm', { PUSH_DEADLINE_MS: '10000' });
  const answer = fcmError(503, 'UNAVAILABLE', { retryAfterS: 3 });
  setup.standins.fcm.faults.next({ kind: 'answer', answer });
  const { requests } = setup.standins.fcm;
  const verdict = await verdictOf(provider.send(notification(), androidDevice()));
  expect(verdict).toEqual({ outcome: 'down', reason: 'UNAVAILABLE', retryAfterMs: 3_000 });
  // After the wait it would have asked again.
  expect(setup.standins.fcm.requests).toBe(requests + 1);
});

test('at most 100 are sent at a time, with one access token', async () => {
  const { fcm } = setup.standins;
  const provider = await setup.create('fcm', { PUSH_DEADLINE_MS: '60000' });
  const before = { tokens: fcm.accessTokens.size, connections: fcm.connections };
  const sendAll = (what: string) =>
    Promise.all(
      Array.from({ length: 130 }, (_, n) => provider.send(about(`${what}_${n}`), androidDevice())),
    );
  // For the connections: firebase-admin gives up what is not answered 15 s after it was begun.
  await sendAll('cnv_first');
  const answers = gate();
  fcm.faults.always({ kind: 'hold', until: answers.passed });
  const { requests } = fcm;
  const sent = sendAll('cnv_second');
  await waitFor(() => fcm.requests === requests + 100, { timeoutMs: 30_000 });
  answers.open();
  await sent;
  expect(setup.standins.shown).toHaveLength(260);
  expect(fcm.mostAtOnce).toBe(100);
  // Those that had to wait would have opened some of their own. One is that of the access token.
  expect(fcm.connections - before.connections).toBe(101);
  expect(fcm.accessTokens.size).toBe(before.tokens + 1);
  expect(fcm.complaints).toEqual([]);
}, 60_000);

test.each([
  ['an answer that never comes', { kind: 'silence' as const }, 'timeout'],
  ['a connection that is cut', { kind: 'drop' as const }, 'connection'],
  ['503', { kind: 'answer' as const, answer: fcmError(503, 'UNAVAILABLE') }, 'UNAVAILABLE'],
])('after %s the SDK does not send again by itself', async (name, fault, reason) => {
  const { fcm } = setup.standins;
  // Only silence is ended by a deadline.
  const deadlineMs = reason === 'timeout' ? '5000' : '60000';
  const provider = await setup.create('fcm', { PUSH_DEADLINE_MS: deadlineMs });
  const later = await setup.create('fcm', { PUSH_DEADLINE_MS: '60000' });
  await provider.send(about('cnv_first'), androidDevice());
  const { requests } = fcm;
  fcm.faults.next(fault);
  const conversation = `cnv_once ${name}`;
  const verdict = await verdictOf(provider.send(about(conversation), androidDevice()));
  expect(verdict).toMatchObject({ outcome: 'down', reason });
  // The SDK's first retry would come at once, and the others before these end.
  for (let n = 0; n < 5; n += 1) {
    fcm.faults.next({ kind: 'delay', ms: 300 });
    await later.send(about(`cnv_later_${n}`), androidDevice());
  }
  expect(fcm.requests).toBe(requests + 6);
  expect(setup.shown(conversation)).toEqual([]);
});

test('a token server that does not answer ends no sends but those that wait for it', async () => {
  const { fcm } = setup.standins;
  const provider = await setup.create('fcm', { PUSH_DEADLINE_MS: '2000' });
  fcm.tokenFaults.always({ kind: 'silence' });
  const verdict = await verdictOf(provider.send(about('cnv_token'), androidDevice()));
  expect(verdict).toMatchObject({ outcome: 'down', reason: 'timeout' });
  fcm.tokenFaults.none();
  await waitFor(() =>
    provider.send(about('cnv_again'), androidDevice()).then(
      () => true,
      () => false,
    ),
  );
  // What was given up is not sent when there is a token at last.
  expect(setup.shown('cnv_token')).toEqual([]);
});

test('a service account that Google refuses is an alarm', async () => {
  const provider = await setup.create('fcm');
  const answer = { status: 400, body: { error: 'invalid_grant', error_description: 'revoked' } };
  setup.standins.fcm.tokenFaults.next({ kind: 'answer', answer });
  const verdict = await verdictOf(provider.send(notification(), androidDevice()));
  expect(verdict).toEqual({ outcome: 'misconfigured', reason: 'credential' });
});

test('lasts as long as the message is news', async () => {
  const expiresAt = new Date(Date.now() + 7_200_000);
  const provider = await setup.create('fcm');
  const from = Date.now();
  await provider.send(notification({ conversation_id: 'cnv_ttl', expiresAt }), androidDevice());
  // What is sent is a whole number of seconds, which begin when it arrives.
  const onTheWayMs = Date.now() - from;
  const [shown] = setup.shown('cnv_ttl');
  const lateMs = (shown?.expires_at ?? 0) - expiresAt.getTime();
  expect(Math.abs(lateMs)).toBeLessThanOrEqual(onTheWayMs + 1_000);
  expect(shown).toMatchObject({ urgent: true, sound: 'default', collapse_id: 'cnv_ttl' });
});
