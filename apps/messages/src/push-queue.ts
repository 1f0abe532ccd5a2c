import type { PushJob, RedisNames } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

export type PushQueue = Queue<PushJob, void, 'push'>;

/** @param redis must fail fast: with an offline queue an add would hang while Redis is down. */
export async function openPushQueue(
  redis: Redis,
  names: RedisNames,
  log: Logger,
): Promise<PushQueue> {
  const queue: PushQueue = new Queue(names.pushQueue, {
    connection: redis,
    prefix: names.queuePrefix,
    defaultJobOptions: {
      attempts: 5,
      backoff: { type: 'exponential', delay: 1_000 },
      removeOnComplete: { count: 1_000, age: 3_600 },
      removeOnFail: { count: 5_000, age: 7 * 24 * 3_600 },
    },
  });
  // The connection reports its own loss; without a listener the queue's copy of the error would end the process.
  queue.on('error', () => undefined);
  await warnUnlessJobsAreSafe(redis, log);
  return queue;
}

/** With any other policy Redis drops jobs, silently, when its memory is full. */
async function warnUnlessJobsAreSafe(redis: Redis, log: Logger): Promise<void> {
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
  if (policy !== 'noeviction') {
    log.warn({ maxmemory_policy: policy }, 'the queue Redis may evict jobs: set noeviction');
  }
}
