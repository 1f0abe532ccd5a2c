import { startRedis, type RedisProcess } from '@agent-messenger/testkit';
import { startFakeMessages, type FakeMessages } from './fake-messages';
import { failing, secrets, startTestAuth, type TestAuth } from './setup';

let redis: RedisProcess;
let messages: FakeMessages;
let service: TestAuth;

beforeAll(async () => {
  redis = await startRedis();
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
});
afterAll(async () => {
  redis.resume();
  await service.close();
  await messages.close();
  await redis.stop();
});

test('who logs in does not wait for a Redis that hangs, which is not given up for that', async () => {
  redis.pause();
  const judged = fetch(`${service.url}/readyz?only=redis`);
  await expect(service.auth.login({ username: 'nobody', password: 'wrong' })).rejects.toEqual(
    failing('unauthorized'),
  );
  redis.resume();
  expect(await (await judged).json()).toMatchObject({ dependencies: { redis: { status: 'ok' } } });
});
