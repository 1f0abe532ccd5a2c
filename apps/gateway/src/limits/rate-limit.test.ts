import { NETWORKS_PER_SITE } from '@agent-messenger/service-kit';
import fc from 'fast-check';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { enforce } from './allowance';
import { RateLimit } from './rate-limit';

const WINDOW_MS = 60_000;
const POINTS = 5;

function setup(points = POINTS) {
  const limiter = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
  const exceeded = jest.fn();
  const keyOf = (subject: string) => subject.toLowerCase();
  return { limit: new RateLimit({ limiter, points, keyOf, onExceeded: exceeded }), exceeded };
}

beforeEach(() => {
  jest.useFakeTimers({ now: 1_700_000_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

test('what is left is told with each request, and when the budget is whole again', async () => {
  const { limit, exceeded } = setup(2);
  expect(await limit.count('a')).toEqual({
    limit: 2,
    remaining: 1,
    isExceeded: false,
    resetMs: WINDOW_MS,
  });
  jest.advanceTimersByTime(10_000);
  expect(await limit.count('a')).toMatchObject({ remaining: 0, isExceeded: false });
  const refused = await limit.count('a');
  expect(refused).toMatchObject({ remaining: 0, isExceeded: true, resetMs: WINDOW_MS - 10_000 });
  expect(exceeded).toHaveBeenCalledTimes(1);
  expect(() => enforce([refused])).toThrow(
    expect.objectContaining({ code: 'rate_limited', retryAfterMs: WINDOW_MS - 10_000 }),
  );
});

test('of several exceeded budgets the one that takes longest says when to come back', async () => {
  const [one, two] = [setup(1).limit, setup(1).limit];
  await one.count('a');
  jest.advanceTimersByTime(20_000);
  await two.count('a');
  const budgets = [await one.count('a'), await two.count('a'), await setup().limit.count('a')];
  expect(() => enforce(budgets)).toThrow(expect.objectContaining({ retryAfterMs: WINDOW_MS }));
  expect(() => enforce(budgets.slice(2))).not.toThrow();
});

test('subjects that are counted together share a budget, others do not', async () => {
  const { limit } = setup(1);
  await limit.take('Somebody');
  await expect(limit.take('SOMEBODY')).rejects.toMatchObject({ code: 'rate_limited' });
  await limit.take('another');
});

test('a check counts nothing, and refuses when nothing is left', async () => {
  const { limit } = setup(2);
  for (let n = 0; n < 5; n += 1) await limit.check('a');
  await limit.count('a');
  await limit.check('a');
  await limit.count('a');
  await expect(limit.check('a')).rejects.toMatchObject({
    code: 'rate_limited',
    retryAfterMs: WINDOW_MS,
  });
  jest.advanceTimersByTime(WINDOW_MS);
  await limit.check('a');
});

const waits = fc.array(fc.integer({ min: 0, max: WINDOW_MS }), { minLength: 1, maxLength: 60 });

test('whatever the timing, two windows have twice the budget at most, and patience is rewarded', async () => {
  await fc.assert(
    fc.asyncProperty(waits, fc.integer({ min: 1, max: 8 }), async (pauses, factor) => {
      const { limit } = setup();
      const accepted: number[] = [];
      for (const pause of pauses) {
        jest.advanceTimersByTime(pause);
        const budget = await limit.count('a', factor);
        expect(budget.limit).toBe(POINTS * factor);
        expect(budget.resetMs).toBeGreaterThan(0);
        expect(budget.resetMs).toBeLessThanOrEqual(WINDOW_MS);
        if (!budget.isExceeded) accepted.push(Date.now());
        else {
          // Who waits as long as it was told is served, the first time.
          jest.advanceTimersByTime(budget.resetMs);
          expect((await limit.count('a', factor)).isExceeded).toBe(false);
          accepted.push(Date.now());
        }
      }
      for (const from of accepted) {
        const within = accepted.filter((at) => at >= from && at < from + WINDOW_MS);
        expect(within.length).toBeLessThanOrEqual(2 * POINTS * factor);
      }
    }),
    { numRuns: 200 },
  );
});

test('a budget that grows serves those who were refused before', async () => {
  const { limit } = setup(10);
  for (let n = 0; n < 10; n += 1) await limit.count('a');
  expect((await limit.count('a')).isExceeded).toBe(true);
  expect(await limit.count('a', 1.5)).toMatchObject({ limit: 15, remaining: 3, isExceeded: false });
});

test('who has a larger budget takes a smaller part of what is shared', async () => {
  const { limit, exceeded } = setup(2);
  for (let n = 1; n <= 10; n += 1) {
    const budget = await limit.countShare('one address', 10);
    expect(budget).toMatchObject({ limit: 20, remaining: 20 - n, isExceeded: false });
  }
  expect(await limit.countShare('one address', 1)).toMatchObject({ limit: 2, remaining: 0 });
  expect(exceeded).not.toHaveBeenCalled();
  expect((await limit.countShare('one address', 10)).isExceeded).toBe(true);
  expect((await limit.countShare('another', 1)).isExceeded).toBe(false);
  expect(exceeded).toHaveBeenCalledTimes(1);
});

test.each([1, 1.5, 3, 7, 333.3])(
  'alone it has all that is shared, %s times the usual',
  async (factor) => {
    const { limit } = setup(2);
    for (let n = 1; n <= Math.floor(2 * factor); n += 1) {
      expect((await limit.countShare('one address', factor)).isExceeded).toBe(false);
    }
    expect((await limit.countShare('one address', factor)).isExceeded).toBe(true);
  },
);

test('a site has eight times the budget of a network, whichever of its networks spends it', async () => {
  const limiter = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
  const [keyOf, siteOf] = [(subject: string) => subject, () => 'site'];
  const limit = new RateLimit({ limiter, points: 2, keyOf, siteOf, onExceeded: () => undefined });
  for (let n = 0; n < 8; n += 1) {
    expect((await limit.count(`network ${n}`)).isExceeded).toBe(false);
    expect((await limit.count(`network ${n}`)).isExceeded).toBe(false);
  }
  await expect(limit.check('network 9')).rejects.toMatchObject({ code: 'rate_limited' });
  expect((await limit.count('network 9')).isExceeded).toBe(true);
});

test('what is given back was never counted, and nothing is given to the window after it', async () => {
  const { limit } = setup(2);
  const [early, late] = [await limit.reserve('a'), await limit.reserve('a')];
  expect(late.budget).toMatchObject({ remaining: 0, isExceeded: false });
  await early.refund();
  expect(await limit.count('a')).toMatchObject({ remaining: 0, isExceeded: false });
  jest.advanceTimersByTime(WINDOW_MS);
  await late.refund();
  expect(await limit.count('a')).toMatchObject({ remaining: 1 });
});

test('what is given back was never counted of the site either', async () => {
  const limiter = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
  const parts = { keyOf: (subject: string) => subject, siteOf: () => 'site' };
  const limit = new RateLimit({ limiter, points: 1, ...parts, onExceeded: () => undefined });
  for (let n = 0; n < 2 * NETWORKS_PER_SITE; n += 1) await (await limit.reserve(`a${n}`)).refund();
  expect(await limit.count('b')).toMatchObject({ isExceeded: false });
});
