import { createLogger, connectRedis, Scope } from '@agent-messenger/service-kit';
import { startRedis } from '@agent-messenger/testkit';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { createMemoryCounters } from '../src/memory-counters';
import { createRedisCounters } from '../src/redis-counters';

const log = createLogger({ name: 'test', level: 'silent' });
const scope = new Scope(log);
let redis: Redis;
let process: Awaited<ReturnType<typeof startRedis>>;

beforeAll(async () => {
  process = await startRedis();
  redis = await connectRedis(process.url, { name: 'test', log, scope });
});
afterAll(async () => {
  await scope.close();
  await process.stop();
});

const limits = { windowMs: 60_000, waitMs: 700, longestWaitMs: 20_000 };
const subjects = fc.subarray(['a', 'b', 'c'], { minLength: 1 });
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('attempt' as const), to: subjects }) },
  fc.record({ do: fc.constantFrom('undo' as const, 'forget' as const), to: subjects }),
  fc.record({
    do: fc.constant('wait' as const),
    // The clock may be set back, too.
    ms: fc.oneof(fc.nat(5_000), fc.nat(70_000), fc.integer({ min: -3_600_000, max: -1 })),
  }),
);

test('the script and the insurance are one state machine', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), fc.nat(4), async (commands, free) => {
      const clock = { ms: 1_764_000_000_000 };
      const now = () => clock.ms;
      const shared = createRedisCounters(redis, limits, now);
      const alone = createMemoryCounters(limits, now);
      const run = randomUUID();
      for (const each of commands) {
        if (each.do === 'wait') clock.ms += each.ms;
        else {
          const to = each.to.map((name, index) => ({
            key: `${run}:${name}`,
            free: free + index + 1,
          }));
          const answer = await shared[each.do](to);
          expect(answer).toEqual(await alone[each.do](to));
          expect(answer ?? 0).toBeLessThanOrEqual(limits.longestWaitMs);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('of attempts at once no more than the free ones pass, whichever replica they come to', async () => {
  const replicas = [createRedisCounters(redis, limits), createRedisCounters(redis, limits)];
  const key = randomUUID();
  const waits = await Promise.all(
    Array.from({ length: 50 }, (_, n) => replicas[n % 2]?.attempt([{ key, free: 4 }])),
  );
  expect(waits.filter((wait) => wait === 0)).toHaveLength(4);
  for (const wait of waits) expect(wait).toBeLessThanOrEqual(limits.waitMs);
});

test('nothing is kept for ever', async () => {
  const counters = createRedisCounters(redis, limits);
  const key = randomUUID();
  await counters.attempt([{ key, free: 1 }]);
  const ttl = await redis.pttl(key);
  expect(ttl).toBeGreaterThan(limits.windowMs / 2);
  expect(ttl).toBeLessThanOrEqual(limits.windowMs);
});
