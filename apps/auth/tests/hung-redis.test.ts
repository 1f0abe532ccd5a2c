import { startRedis, waitFor, type RedisProcess } from '@agent-messenger/testkit';
import { Redis } from 'ioredis';
import { startFakeMessages, type FakeMessages } from './fake-messages';
import { failing, secrets, startTestAuth, type TestAuth } from './setup';

let redis: RedisProcess;
let client: Redis;
let messages: FakeMessages;
let service: TestAuth;

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
  messages = await startFakeMessages(secrets.INTERNAL_JWT_SECRET);
  service = await startTestAuth({ MESSAGES_URL: messages.url, REDIS_URL: redis.url });
});
afterAll(async () => {
  redis.resume();
  client.disconnect();
  await service.close();
  await messages.close();
  await redis.stop();
});

/** The service's connections, each by the id that Redis gave it. */
async function connections(): Promise<string[]> {
  const list = String(await client.client('LIST'));
  return (list.match(/^id=\d+ .* name=auth-\w+/gm) ?? []).map((line) =>
    line.replace(/^(id=\d+) .* (name=.*)$/, '$1 $2'),
  );
}

test('who logs in does not wait for a Redis that hangs, which is not given up for that', async () => {
  const before = await connections();
  expect(before).toHaveLength(2);
  redis.pause();
  const judged = fetch(`${service.url}/readyz?only=redis`);
  await expect(service.auth.login({ username: 'nobody', password: 'wrong' })).rejects.toEqual(
    failing('unauthorized'),
  );
  redis.resume();
  await judged;
  await waitFor(async () => {
    const answer = await fetch(`${service.url}/readyz?only=redis`);
    const { dependencies } = (await answer.json()) as { dependencies: { redis: object } };
    return 'status' in dependencies.redis && dependencies.redis.status === 'ok';
  });
  expect(await connections()).toEqual(before);
});
