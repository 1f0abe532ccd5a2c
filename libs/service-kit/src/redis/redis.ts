import type { RedisOptions } from 'ioredis';
import { Redis } from 'ioredis';
import { AppError } from '../app-error';
import type { Logger } from '../logger';
import type { Scope } from '../scope';
import { redisOptions, type RedisTarget } from './redis-target';
import { writeByTurn } from './write-by-turn';

/** Replies are mapped as RESP2's always were. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

interface ConnectOptions {
  /** What the connection is for; in logs and in CLIENT LIST. */
  name: string;
  log: Logger;
  scope: Scope;
  options?: ConnectionOptions;
}

/** As `openRedis`, connected: waits until the first connection is ready. */
export async function connectRedis(
  target: RedisTarget | string,
  options: ConnectOptions,
): Promise<Redis> {
  return untilReady(openRedis(target, options));
}

export async function untilReady(redis: Redis): Promise<Redis> {
  if (redis.status !== 'ready') await new Promise<void>((resolve) => redis.once('ready', resolve));
  return redis;
}

/** Before the attempt of that number, from 1 on, in ms: never more than 2 s after an outage of any length. */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 2_000) * (0.5 + Math.random() / 2);
}

/**
 * A Redis client that fails fast instead of queueing: a command that cannot be sent now, or is not answered within 5 s,
 * rejects. It connects and reconnects by itself for ever.
 */
export function openRedis(
  target: RedisTarget | string,
  { name, log, scope, options }: ConnectOptions,
): Redis {
  const redis = new Redis({
    ...redisOptions(typeof target === 'string' ? { url: target } : target),
    connectionName: name,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 5_000,
    connectTimeout: 5_000,
    retryStrategy: reconnectDelay,
    ...options,
  });
  scope.defer(`redis ${name}`, () => endRedis(redis));
  redis.on('connect', () => writeByTurn(redis.stream));
  let down = false;
  redis.on('error', (error) => {
    // One line per outage: the reconnect loop repeats the error every two seconds.
    if (!down) log.warn({ connection: name, reason: error.message }, 'redis connection lost');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info({ connection: name }, 'redis connection is back');
    down = false;
  });
  return redis;
}

/** ioredis waits 2 s for the end of its stream, also of one that has ended; its timer would keep the process. */
function endRedis(redis: Redis): void {
  redis.disconnect();
  const stream = redis.stream as Redis['stream'] | undefined;
  if (stream?.destroyed) stream.emit('close');
}

/** How ioredis says that Redis is away, and Redis that it can do nothing now. */
const AWAY = [
  "Connection is closed|Command timed out|Stream isn't writeable|Reached the max retries",
  '(connect|read|write|getaddrinfo) E',
  '(LOADING|BUSY|MASTERDOWN|READONLY|MISCONF|OOM|NOREPLICAS|CLUSTERDOWN) ',
];
const IS_AWAY = new RegExp(`^(${AWAY.join('|')})`);

/**
 * For what there is no answer to without Redis: that it is away is no failure of ours.
 * @throws AppError `unavailable`
 */
export async function needingRedis<T>(answer: T | Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof Error) || !IS_AWAY.test(cause.message)) throw cause;
    const options = { cause, retryAfterMs: 2_000 };
    throw new AppError('unavailable', 'This cannot be answered now', options);
  }
}

/** With any other policy Redis drops jobs, silently, when its memory is full. Looks at every connection's start. */
export function warnOfEviction(redis: Redis, log: Logger): void {
  async function look(): Promise<void> {
    // INFO, because hosted Redis refuses CONFIG.
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
    if (policy === 'noeviction') return;
    log.warn({ policy }, 'maxmemory-policy of the queue Redis must be noeviction: jobs can vanish');
  }
  const lookIfItCan = () =>
    look().catch((error: unknown) => log.debug({ err: error }, 'no policy'));
  redis.on('ready', () => void lookIfItCan());
  if (redis.status === 'ready') void lookIfItCan();
}
