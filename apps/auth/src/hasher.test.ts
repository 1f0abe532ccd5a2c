import { Registry } from 'prom-client';
import { createHasher as create } from './hasher';
import { bcryptMetrics } from './metrics';
import { passwordMatches } from './passwords';

function createHasher(bounds: { cost: number; concurrency: number; maxWaiting: number }) {
  return create({ ...bounds, metrics: bcryptMetrics(new Registry()) });
}

// The lowest cost of bcrypt, not of the service.
const bounds = { cost: 4, concurrency: 1, maxWaiting: 1 };

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

test('the work does not tell whether there is a hash, nor how old it is', async () => {
  const metrics = bcryptMetrics(new Registry());
  const work = async () => {
    const { values } = await metrics.rounds.get();
    return values.find(({ labels }) => labels.operation === 'compare')?.value ?? 0;
  };
  const older = await createHasher({ ...bounds, cost: 4 });
  const hasher = await create({ ...bounds, cost: 7, metrics });
  const hashes = [
    await hasher.hash('open sesame'),
    await older.hash('open sesame'),
    null,
    'no hash',
  ];
  for (const hash of hashes) {
    const before = await work();
    await hasher.matches('wrong', hash);
    expect((await work()) - before).toBe(2 ** 7);
  }
  for (const given of ['short', 'open sesame, open sesame', 'x'.repeat(1_000)]) {
    const before = await work();
    expect(await passwordMatches(hasher, given, hashes[1] ?? null)).toBe(false);
    expect((await work()) - before).toBe(2 ** 7);
  }
});

test('an older hash matches, and is known to be outdated', async () => {
  const older = await createHasher({ ...bounds, cost: 4 });
  const hasher = await createHasher({ ...bounds, cost: 6 });
  const hash = await older.hash('open sesame');
  expect(await hasher.matches('open sesame', hash)).toBe(true);
  expect(hasher.isOutdated(hash)).toBe(true);
  expect(hasher.isOutdated(await hasher.hash('open sesame'))).toBe(false);
  expect(older.isOutdated(await hasher.hash('open sesame'))).toBe(false);
});

test('a password is one whatever form its accents are in, also where the hash is of an older form', async () => {
  const hasher = await createHasher(bounds);
  const [nfc, nfd] = ['p\u00e4ssword', 'pa\u0308ssword'];
  for (const stored of [nfc, nfd]) {
    const hash = await hasher.hash(stored);
    for (const given of [nfc, nfd]) {
      expect(await passwordMatches(hasher, given, hash)).toBe(true);
      expect(await passwordMatches(hasher, given, null)).toBe(false);
    }
    expect(await passwordMatches(hasher, 'password', hash)).toBe(false);
  }
  // Decomposed it is longer than bcrypt reads, which would take it for another that begins alike.
  const long = '\u00e4'.repeat(36);
  const hash = await hasher.hash(long);
  expect(await passwordMatches(hasher, long.normalize('NFD'), hash)).toBe(true);
});
