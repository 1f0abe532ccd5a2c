import { redisNames, type PushJob } from '@agent-messenger/contracts';
import { createLogger, openRedis } from '@agent-messenger/service-kit';
import { waitFor } from '@agent-messenger/testkit';
import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { startPushBacklog, type PushBacklog } from '../src/push/push-backlog';
import { startPushConsumer, type PushConsumer } from '../src/push/push-consumer';
import { openPushQueues } from '../src/push/push-queues';
import { createWorld } from './conformance/world';
import type { RedisSetting } from './redis-setting';

export const GRACE_MS = 2_000;

/** A store, the push queues, and the consumer between them. */
export async function createPushFixture(
  { stores, server, scope }: RedisSetting,
  { isHeld = false, maxBytes = 1e9 }: { isHeld?: boolean; maxBytes?: number } = {},
) {
  /** Looks at the log so far, and the time by which it ages. */
  let [looks, monotonic] = [0, 0];
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'info', destination });
  const names = redisNames(`t${randomUUID().slice(0, 8)}`);
  const world = await createWorld((options) =>
    stores.open({
      ...options,
      // Otherwise the grace is over at every look.
      monotonic: () => (isHeld ? monotonic : (monotonic += GRACE_MS)),
    }),
  );
  const redis = openRedis(server.url, { name: 'queue', log, scope });
  const queues = openPushQueues({
    redis,
    names,
    log,
    scope,
    metrics: new Registry(),
    maxBytes,
    takesBatches: async () => (await world.store.pushConfig({})).push?.batches === true,
  });
  return {
    world,
    queues,
    redis,
    names,
    /** Log lines. */
    lines,
    /** Queues what waits in the store; looks at all devices whenever it is woken. */
    startBacklog(sweepMs = 0): PushBacklog {
      const { store } = world;
      const backlog = startPushBacklog({ store, queues, log, metrics: new Registry(), sweepMs });
      scope.defer('backlog', () => backlog.stop());
      return backlog;
    },
    start(): PushConsumer {
      const consumer = startPushConsumer({
        store: {
          ...world.store,
          nextPushes(consumer, of) {
            looks += 1;
            return world.store.nextPushes(consumer, of);
          },
        },
        queues,
        log,
        metrics: new Registry(),
        graceMs: GRACE_MS,
      });
      scope.defer('consumer', () => consumer.stop());
      return consumer;
    },
    pass(ms: number): void {
      monotonic += ms;
    },
    /** Resolves when the consumer has looked at the log as it is now. */
    async seen(): Promise<void> {
      const from = looks;
      // Of both kinds; the second pair begins after the first has been dealt with.
      await waitFor(() => looks >= from + 4);
    },
    /** The jobs that wait, once the consumer has come to the head of the log. */
    async waiting(): Promise<PushJob[]> {
      await waitFor(async () => (await world.store.lagOf('push')).events === 0);
      await waitFor(() => redis.status === 'ready');
      const jobs = await queues.of('apns').getJobs(['waiting', 'delayed']);
      return jobs.map((job) => job.data);
    },
  };
}
