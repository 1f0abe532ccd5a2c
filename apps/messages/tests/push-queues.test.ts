import { redisNames } from '@agent-messenger/contracts';
import { openRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { Registry } from 'prom-client';
import { openPushQueues } from '../src/push/push-queues';
import { useRedisSetting } from './redis-setting';
import { silent } from './temp-store';

const setting = useRedisSetting();

test('a queue that Redis did not answer listens to the connection no more, and the next one works', async () => {
  const { server, scope } = setting;
  const redis = openRedis(server.url, { name: 'queue', log: silent, scope });
  await waitFor(() => redis.status === 'ready');
  const queues = openPushQueues({
    ...{ redis, names: redisNames('flapping'), log: silent, scope },
    ...{ metrics: new Registry(), maxBytes: 1_000_000 },
  });
  const listening = () =>
    ['error', 'close', 'ready'].map((name) => redis.listenerCount(name)).join();
  const before = listening();
  await redis.acl('SETUSER', 'default', '-info');
  const refused = queues.of('apns');
  await expect(refused.waitUntilReady()).rejects.toThrow('NOPERM');
  await redis.acl('SETUSER', 'default', '+info');
  expect(listening()).toBe(before);
  await expect(queues.of('apns').getWaitingCount()).resolves.toBe(0);
});
