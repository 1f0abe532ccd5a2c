import fc from 'fast-check';
import { createMemoryCounters } from './memory-counters';

const limits = { windowMs: 3_600_000, waitMs: 1_000, longestWaitMs: 60_000 };

function counters() {
  const clock = { ms: 1_700_000_000_000 };
  return { clock, ...createMemoryCounters(limits, () => clock.ms) };
}

/** As many failures as are asked for, each as soon as it may be made; the waits before them. */
async function failTimes(count: number, free: number) {
  const { clock, attempt } = counters();
  const subjects = [{ key: 'a', free }];
  const waits = [];
  for (let failures = 0; failures < count; failures++) {
    const wait = await attempt(subjects);
    waits.push(wait);
    clock.ms += wait;
    if (wait > 0) expect(await attempt(subjects)).toBe(0);
  }
  return waits;
}

test('the first failures cost nothing, each further one doubles the wait, up to a limit', async () => {
  expect(await failTimes(10, 3)).toEqual([
    0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000,
  ]);
});

const attempts = fc.array(
  fc.record({
    // The clock may be set back, too.
    after: fc.oneof(fc.nat(20_000), fc.integer({ min: -3_600_000, max: -1 })),
    times: fc.integer({ min: 1, max: 30 }),
  }),
);

test('whoever asks, and however often: no more than the free ones and one a wait pass, and no wait grows by asking', async () => {
  await fc.assert(
    fc.asyncProperty(attempts, fc.integer({ min: 1, max: 5 }), async (bursts, free) => {
      const { clock, attempt } = counters();
      const subjects = [{ key: 'a', free }];
      let passed = 0;
      let lockedUntil = 0;
      let last = clock.ms;
      for (const { after, times } of bursts) {
        clock.ms += after;
        // A lock goes on for no longer than it would have, by the clock that there is now.
        const setBack = Math.max(0, last - clock.ms);
        lockedUntil -= setBack;
        last -= setBack;
        for (let n = 0; n < times; n++) {
          const wait = await attempt(subjects);
          if (wait > 0) {
            expect(clock.ms + wait).toBe(lockedUntil);
            continue;
          }
          expect(clock.ms).toBeGreaterThanOrEqual(lockedUntil);
          passed += 1;
          last = clock.ms;
          const over = passed - free;
          if (over >= 0) {
            lockedUntil = clock.ms + Math.min(limits.waitMs * 2 ** over, limits.longestWaitMs);
          }
        }
      }
    }),
  );
});

test('nobody waits longer than the limit, however many failures there were', async () => {
  const { clock, attempt } = counters();
  for (let n = 0; n < 2_000; n++) {
    const wait = await attempt([{ key: 'a', free: 1 }]);
    expect(wait).toBeLessThanOrEqual(limits.longestWaitMs);
    clock.ms += wait;
  }
});

test('a clock that is set back lets a lock begin anew, and no more', async () => {
  const { clock, attempt } = counters();
  const subjects = [{ key: 'a', free: 1 }];
  await attempt(subjects);
  expect(await attempt(subjects)).toBe(1_000);
  clock.ms -= 3_600_000;
  expect(await attempt(subjects)).toBe(1_000);
  clock.ms += 600;
  expect(await attempt(subjects)).toBe(400);
  clock.ms += 400;
  expect(await attempt(subjects)).toBe(0);
  expect(await attempt(subjects)).toBe(2_000);
});

test('a refused attempt counts for none of its subjects', async () => {
  const { attempt } = counters();
  const [locked, other] = [
    { key: 'locked', free: 1 },
    { key: 'other', free: 2 },
  ];
  expect(await attempt([locked])).toBe(0);
  for (let n = 0; n < 5; n++) expect(await attempt([other, locked])).toBe(1_000);
  expect([await attempt([other]), await attempt([other])]).toEqual([0, 0]);
  expect(await attempt([other])).toBe(1_000);
});

test('what is forgotten, undone or old does not count', async () => {
  const { clock, attempt, undo, forget } = counters();
  const subjects = [{ key: 'a', free: 2 }];
  await attempt(subjects);
  await attempt(subjects);
  expect(await attempt(subjects)).toBe(1_000);
  await undo(subjects);
  expect(await attempt(subjects)).toBe(0);
  expect(await attempt(subjects)).toBe(1_000);
  await forget(subjects);
  expect([await attempt(subjects), await attempt(subjects)]).toEqual([0, 0]);
  clock.ms += limits.windowMs;
  expect([await attempt(subjects), await attempt(subjects)]).toEqual([0, 0]);
});

test('memory is bounded: the subject unused for longest makes room', async () => {
  const { attempt } = counters();
  await attempt([{ key: 'first', free: 1 }]);
  for (let n = 0; n < 10_000; n++) await attempt([{ key: `${n}`, free: 1 }]);
  expect(await attempt([{ key: 'first', free: 1 }])).toBe(0);
  expect(await attempt([{ key: '9999', free: 1 }])).toBe(1_000);
});
