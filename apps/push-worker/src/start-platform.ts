import type { PushPlatform } from '@agent-messenger/contracts';
import { redisNames } from '@agent-messenger/contracts';
import type { Clock, Logger, RedisEndpoint, Scope, Tracing } from '@agent-messenger/service-kit';
import { AppError } from '@agent-messenger/service-kit';
import { Queue, UnrecoverableError, Worker, type ConnectionOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Config } from './config';
import { createBreakers } from './create-breakers';
import { pushJob } from './jobs/push';
import type { PushMetrics } from './metrics';
import type { PushProvider } from './providers/provider';
import type { PushStore } from './push-store';
import { succeedsWithin } from './succeeds-within';
import { SupervisedWorker } from './supervised-worker';
import { tracePushJobs } from './trace-push-jobs';
import { watchQueue } from './watch-queue';

const WATCH_EVERY_MS = 5_000;
const STUCK_AFTER_MS = 30_000;
/** For jobs in flight. Less than the scope's deadline, which is less than a pod's grace period. */
const CLOSE_MS = 15_000;
/** Times a job may be taken over from dead workers, before it counts as the one that kills them. */
const MAX_STALLED = 3;

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

/** The queue, worker and circuit breakers of one provider: what happens to it concerns no other. */
export function startPlatform(
  platform: PushPlatform,
  provider: PushProvider,
  deps: PlatformDeps,
): SupervisedWorker {
  const { config, endpoint, redis, store, scope, metrics, tracing } = deps;
  const log = deps.log.child({ platform });
  const names = redisNames(config.REDIS_PREFIX);
  const queue = new Queue(names.pushQueue(platform), {
    prefix: names.queuePrefix,
    connection: redis,
  });
  scope.defer(`queue of ${platform}`, () => queue.close());
  // Outages are already reported by the connection; without a listener they would end the process.
  queue.on('error', (error) => log.debug({ err: error }, 'push queue'));

  const longestMs = config.PUSH_BREAKER_MS;
  const worker = new SupervisedWorker({
    log,
    process: tracePushJobs(
      pushJob({
        platform,
        provider,
        breakerOf: createBreakers({ platform, longestMs, log, metrics }),
        store,
        log,
        metrics,
        settings: {
          minIntervalMs: config.PUSH_MIN_INTERVAL_MS,
          ttlMs: config.PUSH_TTL_S * 1_000,
          previews: config.PUSH_PREVIEWS,
        },
      }),
      { platform, tracing },
    ),
    create: (process) =>
      watched(
        new Worker(names.pushQueue(platform), process, {
          prefix: names.queuePrefix,
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
  // Delays end at a time of the wall clock. After it was set back they would be that much longer; also while no worker
  // ran. What comes too early waits anew for what is left.
  const lookAgain = () =>
    void queue.promoteJobs().catch((error: unknown) => log.debug({ err: error }, 'delayed jobs'));
  lookAgain();
  deps.clock?.onStep(lookAgain);
  watchQueue({
    platform,
    queue,
    everyMs: WATCH_EVERY_MS,
    log,
    scope,
    metrics,
    onSample: ({ jobsWait }) => worker.observe(jobsWait),
  });
  return worker;
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
