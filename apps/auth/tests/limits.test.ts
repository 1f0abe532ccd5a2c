import { startRedis } from '@agent-messenger/testkit';
import { Redis } from 'ioredis';
import type { FakeMessages } from './fake-messages';
import { startFakeMessages } from './fake-messages';
import type { TestAuth } from './setup';
import { failing, secrets, startTestAuth } from './setup';

let redis: Awaited<ReturnType<typeof startRedis>>;
let messages: FakeMessages;
let first: TestAuth;
let second: TestAuth;
const password = 'correct horse';

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  const env = { MESSAGES_URL: messages.url, REDIS_URL: redis.url, FAILED_ATTEMPTS_MAX: '3' };
  [first, second] = await Promise.all([startTestAuth(env), startTestAuth(env)]);
});
afterAll(async () => {
  await first.close();
  await second.close();
  await messages.close();
  await redis.stop();
});

const fail = (service: TestAuth, username: string, code: string) =>
  expect(service.auth.login({ username, password: 'wrong horse' })).rejects.toEqual(failing(code));

test('failures are counted across replicas, and refuse the right password too', async () => {
  await first.auth.register({ username: 'target', password });
  await fail(first, 'target', 'unauthorized');
  await fail(second, 'TARGET ', 'unauthorized');
  await fail(first, 'target', 'unauthorized');
  await fail(second, 'target', 'rate_limited');
  const refused: unknown = await first.auth
    .login({ username: 'target', password })
    .catch((error: unknown) => error);
  expect(refused).toEqual(failing('rate_limited'));
  const { retryAfterMs } = refused as { retryAfterMs: number };
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(900_000);
});

test('a success starts the count anew', async () => {
  await first.auth.register({ username: 'clumsy', password });
  for (let round = 0; round < 2; round++) {
    await fail(first, 'clumsy', 'unauthorized');
    await fail(first, 'clumsy', 'unauthorized');
    await first.auth.login({ username: 'clumsy', password });
  }
});

test('unknown names are limited alike, and attempts at once cannot pass together', async () => {
  const codes = await Promise.all(
    Array.from({ length: 8 }, () =>
      first.auth
        .login({ username: 'nobody', password })
        .catch((error: { code: string }) => error.code),
    ),
  );
  expect(codes.filter((code) => code === 'unauthorized')).toHaveLength(3);
  expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(5);
});

test('no name is in Redis', async () => {
  await fail(first, 'secretive', 'unauthorized');
  const client = new Redis(redis.url);
  const keys = await client.keys('*');
  client.disconnect();
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.join()).not.toMatch(/secretive|nobody|target/);
});

// Last: it leaves no Redis behind.
test('without Redis logins go on, and each process counts for itself', async () => {
  await first.auth.register({ username: 'steady', password });
  await redis.stop();
  await expect(first.auth.login({ username: 'steady', password })).resolves.toBeDefined();
  for (let i = 0; i < 3; i++) await fail(first, 'steady', 'unauthorized');
  await fail(first, 'steady', 'rate_limited');
  await fail(second, 'steady', 'unauthorized');
});
