import {
  isRedisUrl,
  probeRedis,
  redisAddress,
  redisOptions,
  redisProblem,
  type RedisTarget,
  type RedisTls,
} from '@agent-messenger/service-kit';
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { LaunchError } from './launch-error';

const ANSWER_MS = 5_000;

/** As services read it: `X_FILE` names a file that holds X. */
export function tlsOf(environment: Record<string, string>): RedisTls {
  const read = (name: string): string | undefined => {
    const file = environment[`${name}_FILE`];
    return environment[name] || (file ? readFileSync(file, 'utf8') : undefined);
  };
  return { ca: read('REDIS_TLS_CA'), cert: read('REDIS_TLS_CERT'), key: read('REDIS_TLS_KEY') };
}

/**
 * Refuses a Redis that does not answer, or in which services cannot do what they do, before anything waits for it; the
 * message names no password.
 */
export async function checkRedis(
  setting: string,
  target: RedisTarget,
  use: { prefix: string; channels: boolean },
): Promise<void> {
  if (!isRedisUrl(target.url)) {
    throw new LaunchError(
      `${setting} is not a redis:// or rediss:// URL, nor redis+sentinel://host:port/name.`,
    );
  }
  const redis = new Redis({
    ...redisOptions(target),
    lazyConnect: true,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
  });
  let lost: unknown = new Error(`no answer within ${ANSWER_MS / 1_000} s`);
  redis.on('error', (error) => (lost = error));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lost as Error), ANSWER_MS);
  });
  try {
    await Promise.race([redis.connect().then(() => probeRedis(redis, use)), late]);
  } catch (error) {
    // A connection that ended says only that; the reason came before.
    const isClosed = (error as Error).message === 'Connection is closed.';
    const { reason, message, advice } = redisProblem(isClosed ? lost : error);
    const { prefix } = use;
    const rights = reason === 'not_permitted' ? ` (here: ~${prefix}:* &${prefix}:*)` : '';
    throw new LaunchError(
      `${setting}: Redis at ${redisAddress(target.url)}: ${message}\n  → ${advice}${rights}`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    // One that has ended already would wait 2 s for its end.
    if (redis.status !== 'end') redis.disconnect();
  }
}
