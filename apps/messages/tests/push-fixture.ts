import { redisNames, type PushJob } from '@agent-messenger/contracts';
import { createLogger, openRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { startPushConsumer, type PushConsumer } from '../src/push-consumer';
import { openPushQueues } from '../src/push-queues';
import { createWorld } from './conformance/world';
import type { RedisSetting } from './redis-setting';

export const GRACE_MS = 2_000;

/** A store, the push queues, and the consumer between them. */
export async function createPushFixture({ stores, server, scope }: RedisSetting) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'info', destination });
  const names = redisNames(`t${randomUUID().slice(0, 8)}`);
  const world = await createWorld((options) => stores.open(options));
  const redis = openRedis(server.url, { name: 'queue', log, scope });
  const queues = openPushQueues({ redis, names, log, scope });
  return {
    world,
    queues,
    redis,
    names,
    /** Log lines. */
    lines,
    start(): PushConsumer {
      const consumer = startPushConsumer({
        store: world.store,
        queues,
        log,
        metrics: new Registry(),
        graceMs: GRACE_MS,
        now: () => world.clock.ms,
      });
      scope.defer('consumer', () => consumer.stop());
      return consumer;
    },
    /** The jobs that wait, once the consumer has come to the head of the log. */
    async waiting(): Promise<PushJob[]> {
      const head = await world.store.head();
      await waitFor(async () => (await world.store.offset('push')) === head);
      await waitFor(() => redis.status === 'ready');
      const jobs = await queues.of('apns').getJobs(['waiting', 'delayed']);
      return jobs.map((job) => job.data);
    },
  };
}
