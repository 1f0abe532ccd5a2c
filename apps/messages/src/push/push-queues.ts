import {
  PUSH_PLATFORMS,
  pushDeduplicationId,
  type PushJob,
  type PushPlatform,
  type RedisNames,
} from '@agent-messenger/contracts';
import { AppError, warnOfEviction, type Logger, type Scope } from '@agent-messenger/service-kit';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { pushQueueMetrics } from '../metrics';
import type { DuePush } from '../store/store';
import { jobBytes, queueMeasure } from './queue-bytes';

export type PushQueue = Queue<PushJob, void, 'push'>;

/** One queue for each provider: one that is down holds up its own jobs only. */
export interface PushQueues {
  /**
   * Those that there was no room for.
   * @throws when Redis does not take them; some may have been added, and adding them again is harmless.
   */
  add(due: readonly DuePush[]): Promise<DuePush[]>;
  /** @throws AppError `unavailable` while Redis is */
  of(platform: PushPlatform): PushQueue;
}

interface OpenOptions {
  /** Must fail fast: with an offline queue an add would hang while Redis is down. */
  redis: Redis;
  names: RedisNames;
  log: Logger;
  scope: Scope;
  metrics: Registry;
  /** Redis' memory for all queues, a like part for each. The pages under way at a time may come on top. */
  maxBytes: number;
}

/** Redis need not be there yet: without it there are no pushes, and everything else goes on. */
export function openPushQueues(options: OpenOptions): PushQueues {
  const { redis, names, log, scope } = options;
  // None can take the room of another: one whose provider is down fills its own.
  const maxBytes = options.maxBytes / PUSH_PLATFORMS.length;
  const measureKeys = queueMeasure(redis);
  const measure = (platform: PushPlatform): Promise<number> =>
    measureKeys(`${names.queuePrefix}:${names.pushQueue(platform)}:`);
  pushQueueMetrics(options.metrics, { measure, maxBytes });
  const queues = new Map<PushPlatform, PushQueue>();
  scope.defer('push queues', () => Promise.all([...queues.values()].map((queue) => queue.close())));
  warnOfEviction(redis, log);

  function open(platform: PushPlatform): PushQueue {
    const queue: PushQueue = new Queue(names.pushQueue(platform), {
      connection: redis,
      prefix: names.queuePrefix,
      defaultJobOptions: {
        // For what is unexpected only: a provider that is down delays its jobs and uses up none.
        attempts: 5,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: { count: 1_000, age: 3_600 },
        removeOnFail: { count: 5_000, age: 7 * 24 * 3_600 },
        // One of each attempt would be kept: 15 kB of a job that needs one. The last reason is, and the log has the rest.
        stackTraceLimit: 0,
      },
    });
    // The connection reports its own loss; without a listener the queue's copy of the error would end the process.
    queue.on('error', () => undefined);
    queues.set(platform, queue);
    // It asks Redis for its version once. Without an answer it would be of no use, also when Redis is back.
    queue.waitUntilReady().catch(() => queues.delete(platform));
    return queue;
  }

  function of(platform: PushPlatform): PushQueue {
    // BullMQ would wait for it without end.
    if (redis.status !== 'ready') {
      throw new AppError('unavailable', 'The queue is not there.', { retryAfterMs: 1_000 });
    }
    return queues.get(platform) ?? open(platform);
  }

  return {
    of,
    async add(due) {
      const rest: DuePush[] = [];
      for (const platform of PUSH_PLATFORMS) {
        const own = due.filter((each) => each.platform === platform);
        if (own.length === 0) continue;
        const queue = of(platform);
        const fitting = thatFit(own, maxBytes - (await measure(platform)));
        if (fitting.length > 0) await queue.addBulk(fitting.map(({ job }) => toBulkJob(job)));
        rest.push(...own.slice(fitting.length));
      }
      return rest;
    },
  };
}

export function toBulkJob(data: PushJob) {
  return {
    name: 'push' as const,
    data,
    // A job that waits speaks for later messages too; one that runs may have read too early, and runs again.
    opts: { deduplication: { id: pushDeduplicationId(data), keepLastIfActive: true } },
  };
}

/** The first of them, up to one that there is no room for. */
function thatFit(due: DuePush[], room: number): DuePush[] {
  let left = room;
  const end = due.findIndex(({ job }) => (left -= jobBytes(job)) < 0);
  return end === -1 ? due : due.slice(0, end);
}
