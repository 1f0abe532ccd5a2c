import { AdmissionRate } from './admission-rate';

test('a storm is admitted at the rate, and sent back spread over the time that takes', () => {
  const rate = new AdmissionRate(100);
  const waits = Array.from({ length: 1_000 }, () => rate.take(0));
  const admitted = waits.filter((wait) => wait === 0);
  // A burst of one second's worth.
  expect(admitted).toHaveLength(101);
  const refused = waits.filter((wait) => wait > 0);
  expect(refused).toEqual([...refused].sort((a, b) => a - b));
  expect(Math.max(...refused)).toBeGreaterThan(9_000);

  // They come back when they were told to, and all are admitted, never faster than the rate.
  let last = 0;
  for (const wait of refused) {
    expect(rate.take(wait)).toBe(0);
    expect(wait).toBeGreaterThanOrEqual(last);
    last = wait;
  }
});

test('nobody is sent away for more than a minute', () => {
  const rate = new AdmissionRate(10);
  for (let n = 0; n < 5_000; n += 1) expect(rate.take(0)).toBeLessThanOrEqual(60_000);
});

test('a quiet time gives no more than one burst', () => {
  const rate = new AdmissionRate(10);
  const admitted = Array.from({ length: 100 }, () => rate.take(3_600_000)).filter(
    (wait) => wait === 0,
  );
  expect(admitted).toHaveLength(11);
});
