import fc from 'fast-check';
import { backoffMs } from './time';

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
