import { frameRate } from './frame-rate';

it('tells the frames of a second, and of the slowest whole one', () => {
  const even = Array.from({ length: 121 }, (_, n) => 5_000 + (n * 1_000) / 60);
  expect(frameRate(even)).toEqual({ mean: 60, slowest: 60 });
  // Half a second of the second one without a frame.
  const stalled = even.filter((at) => at < 6_000 || at >= 6_500);
  expect(frameRate(stalled)).toEqual({ mean: 45, slowest: 30 });
});

it('a second without a frame counts as none', () => {
  expect(frameRate([0, 500, 2_500, 3_000]).slowest).toBe(0);
});
