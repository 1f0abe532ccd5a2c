import { redisNames } from '@agent-messenger/contracts';
import { connectRedis, createLogger, Scope } from '@agent-messenger/service-kit';
import { startPushStack, type PushStack } from './push-setup';

/** An empty value counts as missing. */
const off = (...names: string[]) => Object.fromEntries(names.map((name) => [name, '']));

let push: PushStack;
beforeAll(async () => {
  push = await startPushStack({
    env: {
      'push-worker': {
        PUSH_LOG: 'false',
        ...off('APNS_KEY_PATH', 'APNS_KEY_ID', 'APNS_TEAM_ID', 'APNS_TOPIC'),
        ...off('WEBPUSH_PUBLIC_KEY', 'WEBPUSH_PRIVATE_KEY', 'WEBPUSH_SUBJECT'),
      },
    },
  });
}, 60_000);
afterAll(() => push.stop(), 60_000);

test('a provider without configuration is off, says so once, and no jobs are made for it', async () => {
  const log = createLogger({ name: 'test', level: 'silent' });
  const scope = new Scope(log);
  const talk = await push.talk();
  for (const platform of ['apns', 'fcm', 'webpush'] as const) await talk.register(platform);
  const seq = await talk.say('hello');
  // The one that is configured goes on without the others.
  expect(await talk.untilShown(1)).toMatchObject([{ platform: 'fcm', seq }]);

  const lines = push.stack.logs('push-worker').split('\n');
  const offs = lines.filter((line) => line.includes('no push provider is configured'));
  expect(offs).toHaveLength(2);
  expect(offs.join()).toMatch(/apns[^]*webpush/);
  expect(offs.join()).not.toContain('fcm');
  expect((await push.admin('GET', '/health')).body).toMatchObject({
    status: 'ok',
    push: { apns: 'off', fcm: 'on', webpush: 'off' },
  });
  expect((await talk.call('GET', '/push/config')).body).toEqual({ platforms: ['fcm'] });

  const names = redisNames(push.stack.redisPrefix);
  const redis = await connectRedis(push.stack.redisUrl, { name: 'test', log, scope });
  const keys = (platform: 'apns' | 'fcm' | 'webpush') =>
    redis.keys(`${names.queuePrefix}:${names.pushQueue(platform)}:*`);
  expect((await keys('fcm')).length).toBeGreaterThan(0);
  expect([await keys('apns'), await keys('webpush')]).toEqual([[], []]);
  await scope.close();
});
