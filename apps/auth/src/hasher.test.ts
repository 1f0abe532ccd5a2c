import { Histogram, Registry } from 'prom-client';
import { createHasher } from './hasher';
import { passwordMatches } from './passwords';

const seconds = new Histogram({
  name: 'seconds',
  help: 'seconds',
  labelNames: ['operation'],
  registers: [new Registry()],
});
// The lowest cost of bcrypt, not of the service.
const bounds = { cost: 4, concurrency: 1, maxWaiting: 1, seconds };

test('a secret matches its own hash only, and nothing matches no hash', async () => {
  const hasher = await createHasher(bounds);
  const hash = await hasher.hash('open sesame');
  expect(await hasher.matches('open sesame', hash)).toBe(true);
  expect(await hasher.matches('open sesami', hash)).toBe(false);
  expect(await hasher.matches('open sesame', null)).toBe(false);
});

test('more than may wait is refused, and what waits is carried out in its turn', async () => {
  const hasher = await createHasher(bounds);
  const [first, second, third] = await Promise.allSettled(
    ['a', 'b', 'c'].map((secret) => hasher.hash(secret)),
  );
  expect([first?.status, second?.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(third).toMatchObject({ reason: { code: 'unavailable', retryAfterMs: 2_000 } });
  await expect(hasher.hash('d')).resolves.toMatch(/^\$2b\$04\$/);
});

test('what bcrypt would cut off counts', async () => {
  const hasher = await createHasher(bounds);
  const longest = 'é'.repeat(36);
  const hash = await hasher.hash(longest);
  expect(await passwordMatches(hasher, longest, hash)).toBe(true);
  expect(await passwordMatches(hasher, `${longest}x`, hash)).toBe(false);
  const short = await hasher.hash('short');
  expect(await passwordMatches(hasher, 'short', short)).toBe(false);
});
