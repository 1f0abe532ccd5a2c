import { messagesCalls, redisNames } from '@agent-messenger/contracts';
import type { Logger, Running, ServiceContext } from '@agent-messenger/service-kit';
import { AppError, connectRedis, createClient, serveInternal } from '@agent-messenger/service-kit';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Config } from './config';
import { pushJob } from './jobs/push';
import type { PushMetrics } from './metrics';
import { createMetrics } from './metrics';
import { createLogProvider } from './providers/log';
import type { Providers } from './providers/provider';
import { SupervisedWorker } from './supervised-worker';
import { watchQueue } from './watch-queue';

const WATCH_EVERY_MS = 5_000;
const STUCK_AFTER_MS = 30_000;
/** Less than the scope's deadline, which is less than a pod's grace period. */
const CLOSE_MS = 15_000;
/** Times a job may be taken over from dead workers, before it counts as the one that kills them. */
const MAX_STALLED = 3;

export async function startPushWorker(
  config: Config,
  { log, scope, metrics: registry }: ServiceContext,
  providers: Providers = onlyLogging(log),
): Promise<Running> {
  const metrics = createMetrics(registry);
  const names = redisNames(config.REDIS_PREFIX);
  const redisUrl = config.QUEUE_REDIS_URL ?? config.REDIS_URL;
  const redis = await connectRedis(redisUrl, { name: 'push queue', log, scope });
  await warnOfEviction(redis, log);
  const queue = new Queue(names.pushQueue, { prefix: names.queuePrefix, connection: redis });
  scope.defer('push queue', () => queue.close());
  // Outages are already reported by the connection; without a listener they would end the process.
  queue.on('error', (error) => log.debug({ err: error }, 'push queue'));
  const store = createClient(messagesCalls, {
    url: config.MESSAGES_URL,
    service: 'messages',
    secret: config.INTERNAL_JWT_SECRET,
    scope,
  });

  const server = await serveInternal({
    config,
    log,
    scope,
    metrics: registry,
    dependencies: {
      redis: () => redis.ping(),
      messages: () => store.lastConnected({ ids: [] }),
    },
  });
  const worker = new SupervisedWorker({
    log,
    process: pushJob({
      store,
      providers,
      log,
      metrics,
      minIntervalMs: config.PUSH_MIN_INTERVAL_MS,
    }),
    create: (process) =>
      watched(
        new Worker(names.pushQueue, process, {
          prefix: names.queuePrefix,
          connection: {
            url: redisUrl,
            maxRetriesPerRequest: null,
            retryStrategy: (attempt: number) => Math.min(100 * attempt, 2_000),
          },
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
  });
  scope.defer('push worker', () => worker.close());
  watchQueue({
    queue,
    everyMs: WATCH_EVERY_MS,
    log,
    scope,
    metrics,
    onSample: ({ jobsWait }) => worker.observe(jobsWait),
  });
  server.ready();
  return { internalPort: server.port };
}

function onlyLogging(log: Logger): Providers {
  log.warn('no push provider is configured: notifications are logged and not sent');
  const provider = createLogProvider(log);
  return new Map((['apns', 'fcm', 'webpush'] as const).map((platform) => [platform, provider]));
}

async function warnOfEviction(redis: Redis, log: Logger): Promise<void> {
  // INFO, because hosted Redis refuses CONFIG.
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
  if (policy !== 'noeviction') {
    log.warn({ policy }, 'maxmemory-policy of the queue Redis must be noeviction: jobs can vanish');
  }
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
