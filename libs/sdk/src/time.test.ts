import fc from 'fast-check';
import { backoffMs, defaultBackoff, sleep, within } from './time';

it('spreads tries over the whole of a delay that doubles up to its bound', () => {
  const backoff = { minMs: 100, maxMs: 1_000 };
  const tops = [0, 1, 2, 3, 4, 1_000].map((attempt) => backoffMs(backoff, attempt, () => 1));
  expect(tops).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const top = backoffMs(backoff, attempt, () => 1);
      expect(backoffMs(backoff, attempt, () => random)).toBeCloseTo(top * random);
    }),
  );
});

it.each([2 ** 31, Infinity])('sleeps and waits long when it is told %d ms', async (ms) => {
  const over = new AbortController();
  const log: string[] = [];
  const late = () => new Error('late');
  const sleeping = sleep(ms, over.signal).then(() => log.push('slept'));
  const waiting = within(sleeping, ms, late).catch(() => log.push('late'));
  await sleep(20, new AbortController().signal);
  log.push('20 ms');
  over.abort();
  await Promise.all([sleeping, waiting]);
  expect(log).toEqual(['20 ms', 'slept']);
});

it('ends a wait with the error of who waits', async () => {
  const never = new Promise<void>(() => undefined);
  await expect(within(never, 1, () => new Error('late'))).rejects.toThrow('late');
  await expect(within(Promise.resolve(1), 1, () => new Error('late'))).resolves.toBe(1);
  const failed = Promise.reject(new Error('own'));
  await expect(within(failed, 1, () => new Error('late'))).rejects.toThrow('own');
});

it('never waits so long that a client is not back within 5 s', () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    expect(backoffMs(defaultBackoff, attempt, () => 1)).toBeLessThanOrEqual(4_000);
  }
});
