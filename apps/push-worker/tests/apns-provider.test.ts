import { waitFor } from '@agent-messenger/testkit';
import type { Notification, PushProvider } from '../src/providers/provider';
import { PushError } from '../src/providers/provider';
import {
  appleDevice,
  notification,
  startProviderSetup,
  verdictOf,
  type ProviderSetup,
} from './provider-setup';

let setup: ProviderSetup;
beforeEach(async () => {
  setup = await startProviderSetup();
});
afterEach(() => setup.stop());

/** As its job does: tries again while the provider is down. */
async function sendUntilTaken(provider: PushProvider, what: Notification): Promise<void> {
  const device = appleDevice();
  await waitFor(() =>
    provider.send(what, device).then(
      () => true,
      (error: unknown) => {
        if (error instanceof PushError && error.verdict.outcome === 'down') return false;
        throw error;
      },
    ),
  );
}

const many = Array.from({ length: 20 }, (_, n) => `cnv_${n}`);

test('all are sent over one connection with one provider token', async () => {
  const provider = await setup.create('apns');
  await Promise.all(
    many.map((conversation_id) => provider.send(notification({ conversation_id }), appleDevice())),
  );
  const { connections, providerTokens, complaints } = setup.standins.apns;
  expect({ connections, tokens: providerTokens.size, complaints }).toEqual({
    connections: 1,
    tokens: 1,
    complaints: [],
  });
});

describe('the clock', () => {
  // The clock alone: timers and sockets go on as they do.
  beforeEach(() => {
    jest.useFakeTimers({
      doNotFake: [
        'hrtime',
        'nextTick',
        'performance',
        'queueMicrotask',
        'setImmediate',
        'clearImmediate',
        'setInterval',
        'clearInterval',
        'setTimeout',
        'clearTimeout',
      ],
    });
  });
  afterEach(() => jest.useRealTimers());

  test('the provider token is renewed between its 20th and its 60th minute', async () => {
    const provider = await setup.create('apns');
    const { apns } = setup.standins;
    const from = Date.now();
    const tokensAt: number[] = [];
    for (let minute = 0; minute <= 240; minute += 5) {
      jest.setSystemTime(from + minute * 60_000);
      const before = apns.providerTokens.size;
      await provider.send(notification(), appleDevice());
      if (apns.providerTokens.size > before) tokensAt.push(minute);
    }
    // The stand-in refuses what is older than an hour, and a new one within 20 minutes.
    expect(apns.complaints).toEqual([]);
    expect(tokensAt).toEqual([0, 55, 110, 165, 220]);
  });
});

test('a GOAWAY among requests in flight loses none, and a phone shows each once', async () => {
  const provider = await setup.create('apns');
  const { apns } = setup.standins;
  await provider.send(notification({ conversation_id: 'cnv_before' }), appleDevice());
  apns.faults.next(
    ...Array.from({ length: 10 }, () => ({ kind: 'delay' as const, ms: 100 })),
    { kind: 'goaway' },
    ...Array.from({ length: 9 }, () => ({ kind: 'delay' as const, ms: 100 })),
  );
  await Promise.all(
    many.map((id) => sendUntilTaken(provider, notification({ conversation_id: id }))),
  );
  for (const conversation of many) {
    const shown = setup.shown(conversation);
    expect(shown.length).toBeGreaterThanOrEqual(1);
    expect(new Set(shown.map(({ token, collapse_id }) => token + collapse_id)).size).toBe(1);
  }
  expect(apns.complaints).toEqual([]);
  // What was in flight may all have been answered over the old one. One connection is enough again.
  await provider.send(notification(), appleDevice());
  const { connections } = apns;
  expect(connections).toBeGreaterThan(1);
  await Promise.all(many.map(() => provider.send(notification(), appleDevice())));
  expect(apns.connections).toBe(connections);
});

test('a connection that does not answer any more is replaced after the deadline', async () => {
  const provider = await setup.create('apns', { PUSH_DEADLINE_MS: '2000' });
  const { apns } = setup.standins;
  apns.faults.next({ kind: 'silence' });
  const verdict = await verdictOf(provider.send(notification(), appleDevice()));
  expect(verdict).toEqual({ outcome: 'down', reason: 'timeout' });
  // A busy machine may need more than one deadline.
  await sendUntilTaken(provider, notification({ conversation_id: 'cnv_next' }));
  expect(setup.shown('cnv_next').length).toBeGreaterThanOrEqual(1);
  expect(apns.connections).toBeGreaterThanOrEqual(2);
});

test('lasts as long as the message is news, and sounds', async () => {
  const expiresAt = new Date(Date.now() + 7_200_000);
  const provider = await setup.create('apns');
  await provider.send(notification({ expiresAt }), appleDevice());
  const [shown] = setup.shown('cnv_1');
  expect(Math.abs((shown?.expires_at ?? 0) - expiresAt.getTime())).toBeLessThanOrEqual(500);
  expect(shown).toMatchObject({ urgent: true, sound: 'default', collapse_id: 'cnv_1', badge: 1 });
});
