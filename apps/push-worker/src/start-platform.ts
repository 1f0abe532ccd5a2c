import type { PushJob, PushPlatform } from '@agent-messenger/contracts';
import {
  PUSH_BATCH_OPTIONS,
  PUSH_JOB_OPTIONS,
  redisNames,
  toBulkJob,
} from '@agent-messenger/contracts';
import type { Clock, Logger, RedisEndpoint, Scope, Tracing } from '@agent-messenger/service-kit';
import { AppError } from '@agent-messenger/service-kit';
import {
  Queue,
  UnrecoverableError,
  Worker,
  type ConnectionOptions,
  type JobsOptions,
} from 'bullmq';
import type { Redis } from 'ioredis';
import pLimit from 'p-limit';
import { createClaims } from './claims';
import type { Config } from './config';
import { createBreakers } from './create-breakers';
import { inBatches } from './in-batches';
import { pushJob, type JobHandler } from './jobs/push';
import { pushBatch } from './jobs/push-batch';
import { createNotifyDevice } from './jobs/notify-device';
import type { PushMetrics } from './metrics';
import type { PushProvider } from './providers/provider';
import type { PushStore } from './push-store';
import { succeedsWithin } from './succeeds-within';
import { SupervisedWorker } from './supervised-worker';
import { tracePushes } from './trace-pushes';
import { watchQueues } from './watch-queues';

const WATCH_EVERY_MS = 5_000;
const STUCK_AFTER_MS = 30_000;
/** For jobs in flight. Less than the scope's deadline, which is less than a pod's grace period. */
const CLOSE_MS = 15_000;
/** Times a job may be taken over from dead workers, before it counts as the one that kills them. */
const MAX_STALLED = 3;
/** Devices of batches that are looked at for each that is sent to: the next ones are read while those are sent. */
const ROOM = 3;

interface PlatformDeps {
  config: Config;
  endpoint: RedisEndpoint;
  /** Of the queue, for everything but the worker, which blocks on a connection of its own. */
  redis: Redis;
  store: PushStore;
  log: Logger;
  scope: Scope;
  metrics: PushMetrics;
  clock?: Clock | undefined;
  tracing?: Tracing | undefined;
}

/** The queues, workers and circuit breakers of one provider: what happens to it concerns no other. */
export function startPlatform(
  platform: PushPlatform,
  provider: PushProvider,
  deps: PlatformDeps,
): { close(): Promise<void> } {
  const { config, redis, store, scope, metrics, tracing } = deps;
  const log = deps.log.child({ platform });
  const names = redisNames(config.REDIS_PREFIX);
  const own: PlatformDeps = { ...deps, log };
  const jobs = openQueue(names.pushQueue(platform), PUSH_JOB_OPTIONS, own);
  const batches = openQueue(names.pushBatchQueue(platform), PUSH_BATCH_OPTIONS, own);

  const atOnce = config.PUSH_CONCURRENCY;
  const ttlMs = config.PUSH_DEADLINE_MS * (ROOM + 2) + 60_000;
  const claims = createClaims({ redis, names, platform, ttlMs, log });
  const notify = tracePushes(
    createNotifyDevice({
      platform,
      provider,
      breakerOf: createBreakers({ platform, longestMs: config.PUSH_BREAKER_MS, log, metrics }),
      store,
      claims,
      sends: pLimit(atOnce),
      log,
      metrics,
      settings: {
        minIntervalMs: config.PUSH_MIN_INTERVAL_MS,
        ttlMs: config.PUSH_TTL_S * 1_000,
        previews: config.PUSH_PREVIEWS,
      },
    }),
    { platform, tracing },
  );
  const addJob = inBatches(
    (added: { push: PushJob; delayMs: number }[]) =>
      jobs.addBulk(added.map(({ push, delayMs }) => toBulkJob(push, delayMs))),
    { most: 500, atOnce: 2 },
  );
  const worker = startWorker(jobs.name, pushJob({ notify, store }), own);
  const batchWorker: SupervisedWorker = startWorker(
    batches.name,
    pushBatch({
      notify,
      store,
      claims,
      room: pLimit(atOnce * ROOM),
      addJob: (push, delayMs) => addJob({ push, delayMs }),
      isClosing: () => batchWorker.isClosing,
      log,
      metrics,
    }),
    own,
  );
  // Delays end at a time of the wall clock. After it was set back they would be that much longer; also while no worker
  // ran. What comes too early waits anew for what is left.
  function lookAgain(): void {
    for (const queue of [jobs, batches]) {
      queue.promoteJobs().catch((error: unknown) => log.debug({ err: error }, 'delayed jobs'));
    }
  }
  lookAgain();
  deps.clock?.onStep(lookAgain);
  watchQueues({
    platform,
    watched: [
      { queue: jobs, onSample: ({ jobsWait }) => worker.observe(jobsWait) },
      { queue: batches, onSample: ({ jobsWait }) => batchWorker.observe(jobsWait) },
    ],
    everyMs: WATCH_EVERY_MS,
    ...{ log, scope, metrics },
  });
  return {
    async close() {
      await Promise.all([worker.close(), batchWorker.close()]);
    },
  };
}

function openQueue(
  name: string,
  defaultJobOptions: JobsOptions,
  { config, redis, log, scope }: PlatformDeps,
): Queue {
  const prefix = redisNames(config.REDIS_PREFIX).queuePrefix;
  const queue = new Queue(name, { prefix, connection: redis, defaultJobOptions });
  scope.defer(`queue ${name}`, () => queue.close());
  // Outages are already reported by the connection; without a listener they would end the process.
  queue.on('error', (error) => log.debug({ err: error }, 'push queue'));
  return queue;
}

function startWorker(
  queue: string,
  handle: JobHandler,
  { config, endpoint, redis, log, metrics }: PlatformDeps,
): SupervisedWorker {
  return new SupervisedWorker({
    log,
    process: handle,
    create: (process) =>
      watched(
        new Worker(queue, process, {
          prefix: redisNames(config.REDIS_PREFIX).queuePrefix,
          connection: endpoint.connectionOptions({
            maxRetriesPerRequest: null,
            retryStrategy: (attempt: number) => Math.min(100 * attempt, 2_000),
            // The same options; BullMQ's type of them knows no `undefined`.
          }) as ConnectionOptions,
          concurrency: config.PUSH_CONCURRENCY,
          lockDuration: config.PUSH_LOCK_MS,
          stalledInterval: config.PUSH_LOCK_MS,
          maxStalledCount: MAX_STALLED,
        }),
        { redis, log, metrics },
      ),
    stuckAfterMs: STUCK_AFTER_MS,
    closeMs: CLOSE_MS,
    onRestart: () => metrics.workerRestarts.inc(),
    // At the end there is no time for the connection's own deadline.
    redisAnswers: () => succeedsWithin(1_000, redis.ping()),
  });
}

function watched(
  worker: Worker,
  { redis, log, metrics }: { redis: Redis; log: Logger; metrics: PushMetrics },
): Worker {
  worker.on('error', (error) => {
    // An outage is reported once, by the connection beside; here it would be a line per attempt to reconnect.
    const level = redis.status === 'ready' ? 'warn' : 'debug';
    log[level]({ err: error }, 'push worker');
  });
  worker.on('failed', (job, error) => {
    const reason = reasonOf(error);
    metrics.jobFailures.inc({ reason });
    log.warn(
      { job: job?.id, attempt: job?.attemptsMade, attempts: job?.opts.attempts, reason },
      error.message,
    );
  });
  return worker;
}

function reasonOf(error: Error): string {
  if (error instanceof AppError) return error.code;
  return error instanceof UnrecoverableError ? 'given_up' : 'not_sent';
}
