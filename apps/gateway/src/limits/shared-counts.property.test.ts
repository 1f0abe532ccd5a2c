import { Scope } from '@agent-messenger/service-kit';
import fc from 'fast-check';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { loggerOf } from '../../tests/fakes';
import { SharedCounts } from './shared-counts';

const BUDGET = 100;
const GATEWAYS = 3;
const WINDOW_MS = 60_000;
const LATENCY_MS = 5;

const steps = fc.array(
  fc.record({
    gateway: fc.nat(GATEWAYS - 1),
    way: fc.constantFrom('behind' as const, 'exact' as const),
    /** Sent at once, before Redis answers. */
    requests: fc.integer({ min: 1, max: BUDGET / 10 }),
    /** Little enough for one window. */
    waitMs: fc.constantFrom(0, 0, 10, 300),
    loads: fc.boolean(),
  }),
  { minLength: 20, maxLength: 60 },
);

beforeEach(() => jest.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => jest.useRealTimers());

function setup(redis: Pick<RateLimiterMemory, 'consume' | 'get'>) {
  const { log } = loggerOf();
  const scope = new Scope(log);
  const counting = {
    consume: (key: string, points: number) => redis.consume(key, points),
    get: (key: string) => redis.get(key),
    delete: () => Promise.reject(new Error('nothing is forgotten here')),
    getKey: (key: string) => key,
  };
  const counts = new SharedCounts({ redis: counting, durationMs: WINDOW_MS, log, scope });
  return { counts, scope };
}

test('whoever spends where, over what way: no more than the budget, a tenth that each gateway has not told, and what one is sent meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const memory = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
      const redis = {
        get: (key: string) => memory.get(key),
        async consume(key: string, points: number) {
          await new Promise((resolve) => setTimeout(resolve, LATENCY_MS));
          return memory.consume(key, points);
        },
      };
      const gateways = Array.from({ length: GATEWAYS }, () => setup(redis));
      let accepted = 0;
      let asked = 0;
      for (const { gateway, way, requests, waitMs, loads } of plan) {
        const counts = gateways[gateway]?.counts;
        if (!counts) throw new Error('no such gateway');
        if (loads) await counts.load('a');
        const counted = Array.from({ length: requests }, () =>
          counts[way].consume('a', 1, { most: BUDGET }),
        );
        asked += requests;
        // What is told while an answer is waited for is told after it.
        await jest.advanceTimersByTimeAsync(3 * LATENCY_MS);
        const within = (await Promise.all(counted)).filter((one) => one.consumedPoints <= BUDGET);
        accepted += within.length;
        await jest.advanceTimersByTimeAsync(waitMs);
      }
      expect(accepted).toBeLessThanOrEqual(BUDGET * (1 + (GATEWAYS + 1) / 10));
      // And nobody is refused before the budget is spent.
      expect(accepted).toBeGreaterThanOrEqual(Math.min(asked, BUDGET));
      const closed = Promise.all(gateways.map(({ scope }) => scope.close()));
      await jest.advanceTimersByTimeAsync(2 * LATENCY_MS);
      await closed;
    }),
    { numRuns: 50 },
  );
});

test('while Redis is away each counts for itself, and tells nothing twice', async () => {
  const redis = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
  let isAway = true;
  const { counts, scope } = setup({
    get: (key) => (isAway ? Promise.reject(new Error('away')) : redis.get(key)),
    consume: (key, points) =>
      isAway ? Promise.reject(new Error('away')) : redis.consume(key, points),
  });
  await counts.load('a');
  for (let n = 1; n <= 15; n += 1) {
    expect(await counts.behind.consume('a', 1, { most: 20 })).toMatchObject({ consumedPoints: n });
  }
  isAway = false;
  expect(await counts.exact.consume('a', 1, { most: 20 })).toMatchObject({ consumedPoints: 16 });
  expect((await redis.get('a'))?.consumedPoints).toBeLessThanOrEqual(16);
  await jest.advanceTimersByTimeAsync(WINDOW_MS);
  expect(await counts.behind.consume('a', 1, { most: 20 })).toMatchObject({ consumedPoints: 1 });
  await scope.close();
});

test('the rest is told at the end', async () => {
  const redis = new RateLimiterMemory({ duration: WINDOW_MS / 1_000, points: 1e9 });
  const { counts, scope } = setup(redis);
  await counts.behind.consume('a', 1, { most: 1_000 });
  await counts.behind.reward('b', 1);
  await scope.close();
  expect((await redis.get('a'))?.consumedPoints).toBe(1);
});
