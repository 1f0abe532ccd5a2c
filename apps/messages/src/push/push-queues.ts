import {
  MOST_IN_BATCH,
  PUSH_BATCH_OPTIONS,
  PUSH_JOB_OPTIONS,
  PUSH_PLATFORMS,
  toBulkJob,
  type PushBatch,
  type PushJob,
  type PushPlatform,
  type RedisNames,
} from '@agent-messenger/contracts';
import { AppError, warnOfEviction, type Logger, type Scope } from '@agent-messenger/service-kit';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Registry } from 'prom-client';
import { pushQueueMetrics } from '../metrics';
import type { DuePush } from '../store/store';
import { batchedBytes, jobBytes, queueMeasure } from './queue-bytes';

export type PushQueue = Queue<PushJob, void, 'push'>;
export type PushBatchQueue = Queue<PushBatch, void, 'batch'>;

/**
 * As many pushes of a platform at a time go into batches. Fewer have jobs of their own, of which one that waits speaks
 * for later messages.
 */
const BATCH_FROM = 10;

/** One queue for each provider: one that is down holds up its own jobs only. */
export interface PushQueues {
  /**
   * Those that there was no room for.
   * @throws when Redis does not take them; some may have been added, and adding them again is harmless.
   */
  add(due: readonly DuePush[]): Promise<DuePush[]>;
  /** @throws AppError `unavailable` while Redis is */
  of(platform: PushPlatform): PushQueue;
  /** @throws AppError as `of` */
  batchesOf(platform: PushPlatform): PushBatchQueue;
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
  /** Whether the workers have announced that they take batches; until then each push is a job of its own. */
  takesBatches?: () => Promise<boolean>;
}

/** Redis need not be there yet: without it there are no pushes, and everything else goes on. */
export function openPushQueues(options: OpenOptions): PushQueues {
  const { redis, names, log, scope, takesBatches = async () => false } = options;
  // None can take the room of another: one whose provider is down fills its own.
  const maxBytes = options.maxBytes / PUSH_PLATFORMS.length;
  const measureKeys = queueMeasure(redis);
  const namesOf = (platform: PushPlatform) => [
    names.pushQueue(platform),
    names.pushBatchQueue(platform),
  ];
  async function measure(platform: PushPlatform): Promise<number> {
    const bytes = namesOf(platform).map((name) => measureKeys(`${names.queuePrefix}:${name}:`));
    return (await Promise.all(bytes)).reduce((sum, each) => sum + each, 0);
  }
  pushQueueMetrics(options.metrics, { measure, maxBytes });
  const queues = new Map<string, Queue>();
  scope.defer('push queues', () => Promise.all([...queues.values()].map((queue) => queue.close())));
  warnOfEviction(redis, log);

  function open<Of extends Queue>(name: string, defaultJobOptions: JobsOptions): Of {
    // BullMQ would wait for it without end.
    if (redis.status !== 'ready') {
      throw new AppError('unavailable', 'The queue is not there.', { retryAfterMs: 1_000 });
    }
    const found = queues.get(name);
    if (found) return found as Of;
    const queue: Queue = new Queue(name, {
      connection: redis,
      prefix: names.queuePrefix,
      defaultJobOptions,
    });
    // The connection reports its own loss; without a listener the queue's copy of the error would end the process.
    queue.on('error', () => undefined);
    queues.set(name, queue);
    // It asks Redis for its version once. Without an answer it would be of no use, also when Redis is back, and stay
    // among the listeners of the connection.
    queue.waitUntilReady().catch(() => {
      queues.delete(name);
      return queue.close();
    });
    return queue as Of;
  }

  const of = (platform: PushPlatform) =>
    open<PushQueue>(names.pushQueue(platform), PUSH_JOB_OPTIONS);
  const batchesOf = (platform: PushPlatform) =>
    open<PushBatchQueue>(names.pushBatchQueue(platform), PUSH_BATCH_OPTIONS);

  /** Those that there was no room for. */
  async function addTo(platform: PushPlatform, due: DuePush[]): Promise<DuePush[]> {
    const inBatches = due.length >= BATCH_FROM && (await takesBatches());
    const queue = of(platform);
    const room = maxBytes - (await measure(platform));
    const fitting = thatFit(due, room, inBatches ? batchedBytes : jobBytes);
    const jobs = fitting.map(({ job }) => job);
    if (inBatches && jobs.length > 0) {
      const batches = Array.from({ length: Math.ceil(jobs.length / MOST_IN_BATCH) }, (_, n) =>
        jobs.slice(n * MOST_IN_BATCH, (n + 1) * MOST_IN_BATCH),
      );
      await batchesOf(platform).addBulk(
        batches.map((pushes) => ({ name: 'batch' as const, data: { pushes } })),
      );
    } else if (jobs.length > 0) {
      await queue.addBulk(jobs.map((job) => toBulkJob(job)));
    }
    return due.slice(fitting.length);
  }

  return {
    of,
    batchesOf,
    async add(due) {
      const rest: DuePush[] = [];
      for (const platform of PUSH_PLATFORMS) {
        const own = due.filter((each) => each.platform === platform);
        if (own.length > 0) rest.push(...(await addTo(platform, own)));
      }
      return rest;
    },
  };
}

/** The first of them, up to one that there is no room for. */
function thatFit(due: DuePush[], room: number, bytesOf: (job: PushJob) => number): DuePush[] {
  let left = room;
  const end = due.findIndex(({ job }) => (left -= bytesOf(job)) < 0);
  return end === -1 ? due : due.slice(0, end);
}
