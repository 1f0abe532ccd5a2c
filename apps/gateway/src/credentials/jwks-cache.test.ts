import { generateKeyPairSync } from 'node:crypto';
import type { Jwks } from '@agent-messenger/contracts';
import type { AccessTokenKey } from '@agent-messenger/service-kit';
import { AppError, es256SigningKey, publicJwkOf } from '@agent-messenger/service-kit';
import { JwksCache } from './jwks-cache';

const newKey = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return es256SigningKey(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
};
const [first, second] = [newKey(), newKey()];

function start(...published: AccessTokenKey[]) {
  const auth = {
    published,
    away: false,
    calls: 0,
    async jwks(): Promise<Jwks> {
      auth.calls += 1;
      await Promise.resolve();
      if (auth.away) throw new AppError('unavailable', 'away', { retryAfterMs: 1_000 });
      return { keys: auth.published.map(publicJwkOf) };
    },
  };
  return { auth, cache: new JwksCache({ jwks: () => auth.jwks(), now: () => Date.now() }) };
}

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] }));
afterEach(() => jest.useRealTimers());

test('keys are asked for once, by all who need them first', async () => {
  const { auth, cache } = start(first, second);
  const found = await Promise.all([first, second, first].map(({ kid }) => cache.find(kid)));
  expect(found.map((key) => key?.kid)).toEqual([first.kid, second.kid, first.kid]);
  expect(found[0]?.key.type).toBe('public');
  await cache.find(second.kid);
  expect(auth.calls).toBe(1);
});

test('a new key is found as soon as somebody names it', async () => {
  const { auth, cache } = start(first);
  await cache.find(first.kid);
  await jest.advanceTimersByTimeAsync(2_000);
  auth.published = [second, first];
  expect((await cache.find(second.kid))?.kid).toBe(second.kid);
  expect(auth.calls).toBe(2);
});

test('made up keys cost auth one request a second at most, and are refused after it', async () => {
  const { auth, cache } = start(first);
  await cache.find(first.kid);
  const found = Promise.all(Array.from({ length: 1_000 }, (_, n) => cache.find(`made-up-${n}`)));
  await jest.advanceTimersByTimeAsync(900);
  expect(auth.calls).toBe(1);
  // Who has a known key does not wait.
  expect((await cache.find(first.kid))?.kid).toBe(first.kid);
  await jest.advanceTimersByTimeAsync(100);
  expect(new Set(await found)).toEqual(new Set([undefined]));
  expect(auth.calls).toBe(2);
});

test('while auth is away known keys go on, and unknown ones cannot be judged', async () => {
  const { auth, cache } = start(first);
  await cache.find(first.kid);
  auth.away = true;
  await jest.advanceTimersByTimeAsync(3_600_000);
  for (let n = 0; n < 3; n++) expect((await cache.find(first.kid))?.kid).toBe(first.kid);
  await expect(cache.find(second.kid)).rejects.toMatchObject({ code: 'unavailable' });
  auth.away = false;
  auth.published = [second];
  await jest.advanceTimersByTimeAsync(1_000);
  expect((await cache.find(second.kid))?.kid).toBe(second.kid);
});

test('a withdrawn key is accepted five minutes at most', async () => {
  const { auth, cache } = start(first);
  await cache.find(first.kid);
  auth.published = [second];
  await jest.advanceTimersByTimeAsync(299_000);
  expect(await cache.find(first.kid)).toBeDefined();
  expect(auth.calls).toBe(1);
  await jest.advanceTimersByTimeAsync(3_600_000);
  const found = Promise.all(Array.from({ length: 5 }, () => cache.find(first.kid)));
  await jest.advanceTimersByTimeAsync(1_000);
  expect(new Set(await found)).toEqual(new Set([undefined]));
});
