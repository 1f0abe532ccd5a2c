import {
  isRedisUrl,
  probeRedis,
  redisOptions,
  redisProblem,
  type RedisTarget,
} from '@agent-messenger/service-kit';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Finding } from './check';
import { fail, ok } from './check';
import { compareClocks } from '@agent-messenger/service-kit';
import { judgeInfo, parseInfo } from './redis-info';

const DEADLINE_MS = 5_000;

interface Use {
  prefix: string;
  /** A queue must keep what it was given, the rest may be forgotten. */
  isQueue: boolean;
  /** Whether services tell each other something through it. */
  channels: boolean;
}

/** Looks at what it says of itself, and does under the prefix what services do: write, run a script, publish, hear. */
export async function checkRedis(
  setting: 'REDIS_URL' | 'QUEUE_REDIS_URL',
  target: RedisTarget,
  use: Use,
): Promise<Finding[]> {
  if (!isRedisUrl(target.url)) {
    const advice =
      'use redis://user:password@host:6379, rediss://, or redis+sentinel://host:26379/name';
    return [fail(setting, 'is no URL of a Redis', advice)];
  }
  const redis = new Redis({
    ...redisOptions(target),
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    connectTimeout: DEADLINE_MS,
    commandTimeout: DEADLINE_MS,
  });
  let problem: unknown = new Error('no answer');
  redis.on('error', (error) => (problem = error));
  try {
    await redis.connect();
    const info = parseInfo(await redis.info());
    return [
      ...judgeInfo(setting, info, use.isQueue),
      await tryOut(setting, redis, use),
      ...(await clockOf(setting, redis)),
    ];
  } catch (error) {
    const isClosed = (error as Error).message === 'Connection is closed.';
    const { reason, message, advice } = redisProblem(isClosed ? problem : error);
    return [fail(setting, `${reason}: ${message}`, advice)];
  } finally {
    // One that has ended already would wait 2 s for its end.
    if (redis.status !== 'end') redis.disconnect();
  }
}

async function tryOut(setting: string, redis: Redis, use: Use): Promise<Finding> {
  const { prefix, channels } = use;
  const what = `${setting} use`;
  try {
    await probeRedis(redis, use);
    if (channels) await hears(redis, `${prefix}:gw:doctor-${randomUUID()}`);
    return ok(what, `write, script${channels ? ' and channel' : ''} under ${prefix}:`);
  } catch (error) {
    const { reason, message, advice } = redisProblem(error);
    return fail(what, `${reason}: ${message}`, advice);
  }
}

/** On a connection of its own: one that listens does nothing else. */
async function hears(redis: Redis, channel: string): Promise<void> {
  const subscriber = redis.duplicate({ lazyConnect: true });
  subscriber.on('error', () => undefined);
  let timer: NodeJS.Timeout | undefined;
  try {
    await subscriber.connect();
    const heard = new Promise<void>((resolve) => subscriber.once('message', () => resolve()));
    await subscriber.subscribe(channel);
    await redis.publish(channel, '');
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer on a channel')), DEADLINE_MS);
    });
    await Promise.race([heard, late]);
  } finally {
    clearTimeout(timer);
    if (subscriber.status !== 'end') subscriber.disconnect();
  }
}

async function clockOf(setting: string, redis: Redis): Promise<Finding[]> {
  const before = Date.now();
  // Not of a Sentinel, which is told of above.
  const time = await redis.time().catch(() => undefined);
  if (!time) return [];
  const [seconds, micros] = time;
  const clock = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  return [compareClocks(`${setting} clock`, clock, { before, after: Date.now() }, 1)];
}
