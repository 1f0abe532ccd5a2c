import { createLogger } from '@agent-messenger/service-kit';
import { UnrecoverableError } from 'bullmq';
import { Registry } from 'prom-client';
import { CircuitBreaker } from '../circuit-breaker';
import { createMetrics } from '../metrics';
import { PushError, type Device, type Verdict } from '../providers/provider';
import { deliver, type Delivered } from './deliver';

const log = createLogger({ name: 'test', level: 'silent' });
const registered_at = '2030-01-01T00:00:00.000Z';

/** A provider that says what it is told to, or takes everything; with the devices of two servers, `a` and `b`. */
function createFixture() {
  const clock = { ms: 0 };
  const said: { verdict?: Omit<Verdict, 'reason'>; held?: Promise<void> } = {};
  const offered: string[] = [];
  const dropped: object[] = [];
  const breakers = new Map<string, CircuitBreaker>();

  function breakerOf(server: string): CircuitBreaker {
    const options = { failures: 3, firstMs: 1_000, longestMs: 8_000, now: () => clock.ms };
    const breaker = breakers.get(server) ?? new CircuitBreaker(options);
    breakers.set(server, breaker);
    return breaker;
  }

  return {
    clock,
    said,
    offered,
    dropped,
    breakerOf,
    deliver(device_id = 'a1', attempts = 1): Promise<Delivered> {
      const device: Device = { device_id, platform: 'fcm', token: `t-${device_id}`, registered_at };
      const ids = { user_id: 'usr_1', conversation_id: 'cnv_1', seq: 2 };
      const notification = { ...ids, title: '', body: '', badge: 1, expiresAt: new Date() };
      return deliver(
        {
          platform: 'fcm',
          provider: {
            name: 'fake',
            pushesSilently: true,
            serverOf(to) {
              if (to.device_id.startsWith('evil')) {
                throw new PushError({ outcome: 'refused', reason: 'not_allowed' });
              }
              return to.device_id.charAt(0);
            },
            async send(_notification, to) {
              offered.push(to.device_id);
              await said.held;
              if (said.verdict) throw new PushError({ reason: 'said', ...said.verdict });
            },
          },
          breakerOf,
          store: {
            dropPushToken(request) {
              dropped.push(request);
              return Promise.resolve({ dropped: true });
            },
          },
          log,
          metrics: createMetrics(new Registry()),
        },
        { notification, device, attempts },
      );
    },
  };
}

const retryMs = (delivered: Delivered) =>
  typeof delivered === 'string' ? delivered : delivered.retryMs;

test('what is to be sent later waits longer with every try, and at least for what is asked', async () => {
  const { said, deliver } = createFixture();
  said.verdict = { outcome: 'later' };
  for (const [attempts, ms] of [
    [1, 1_000],
    [2, 2_000],
    [4, 8_000],
    [99, 30_000],
  ] as const) {
    const wait = retryMs(await deliver('a1', attempts));
    expect(wait).toBeGreaterThanOrEqual(ms * 0.75);
    expect(wait).toBeLessThanOrEqual(ms * 1.25);
  }
  said.verdict = { outcome: 'later', retryAfterMs: 60_000 };
  expect(retryMs(await deliver())).toBe(60_000);
});

test('one answer that says that the setup is wrong keeps the others away from that server', async () => {
  const { said, offered, deliver } = createFixture();
  said.verdict = { outcome: 'misconfigured' };
  await deliver('a1');
  expect(retryMs(await deliver('a2'))).toBeGreaterThanOrEqual(1_000);
  delete said.verdict;
  expect(await deliver('b1')).toBe('taken');
  expect(offered).toEqual(['a1', 'b1']);
});

test('after the pause one is sent as a trial, while the others wait for its end', async () => {
  const { clock, said, offered, deliver } = createFixture();
  said.verdict = { outcome: 'down', retryAfterMs: 5_000 };
  await deliver('a1');
  delete said.verdict;
  clock.ms = 5_000;
  let release: () => void = () => undefined;
  said.held = new Promise((resolve) => (release = resolve));
  const trial = deliver('a2');
  expect(retryMs(await deliver('a3'))).toBeGreaterThan(0);
  expect(offered).toEqual(['a1', 'a2']);
  release();
  expect(await trial).toBe('taken');
  expect(await deliver('a3')).toBe('taken');
});

test('a device that nothing can be sent to is no trial, and opens and closes nothing', async () => {
  const { clock, said, offered, breakerOf, deliver } = createFixture();
  said.verdict = { outcome: 'misconfigured' };
  await deliver('a1');
  clock.ms = 1_000;
  await expect(deliver('evil')).rejects.toThrow(new UnrecoverableError('not_allowed'));
  expect(breakerOf('a').isOpen).toBe(true);
  expect(breakerOf('a').waitMs()).toBe(0);
  expect(offered).toEqual(['a1']);
});

test.each(['gone', 'refused', 'later'] as const)(
  '%s is the answer of a provider that works',
  async (outcome) => {
    const { clock, said, breakerOf, deliver } = createFixture();
    said.verdict = { outcome: 'misconfigured' };
    await deliver();
    clock.ms = 1_000;
    said.verdict = { outcome };
    await deliver().catch(() => undefined);
    expect(breakerOf('a').isOpen).toBe(false);
  },
);

test('a dead token is dropped as it was registered when its provider knew it to be dead', async () => {
  const { said, dropped, deliver } = createFixture();
  said.verdict = { outcome: 'gone' };
  expect(await deliver('a1')).toBe('gone');
  const goneAt = new Date('2029-12-31T00:00:00.000Z');
  said.verdict = { outcome: 'gone', goneAt };
  expect(await deliver('a2')).toBe('gone');
  expect(dropped).toEqual([
    { token: 't-a1', registered_until: registered_at },
    { token: 't-a2', registered_until: goneAt.toISOString() },
  ]);
});
