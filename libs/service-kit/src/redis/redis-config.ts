import { z } from 'zod';
import { isRedisUrl, type RedisTarget } from './redis-target';

const redisUrl = (description: string) =>
  z
    .string()
    .refine(
      isRedisUrl,
      'must be redis[s]://user:password@host:port/db or redis[s]+sentinel://user:password@host:port,host:port/name/db',
    )
    .describe(description);

const pem = (description: string) => z.string().startsWith('-----BEGIN ').describe(description);

export const redisConfig = {
  REDIS_URL: redisUrl(
    'Redis for leases, pub/sub and limits: redis://, rediss://, redis+sentinel:// or rediss+sentinel://.',
  ),
  QUEUE_REDIS_URL: redisUrl(
    'Redis for queues, with noeviction and AOF; REDIS_URL by default.',
  ).optional(),
  REDIS_TLS_CA: pem(
    'Authority of the certificates of both Redis and their sentinels, PEM.',
  ).optional(),
  REDIS_TLS_CERT: pem('Certificate that is shown to both, PEM.').optional(),
  REDIS_TLS_KEY: pem('Private key of that certificate, PEM.').optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w-]{1,32}$/)
    .default('am')
    .describe('Prefix of every key and channel, to keep stacks apart in one Redis.'),
};

type RedisConfig = z.output<z.ZodObject<typeof redisConfig>>;
type Named = Pick<RedisConfig, 'REDIS_URL'> & Partial<RedisConfig>;

export function liveRedis(config: Named): RedisTarget {
  const { REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = config;
  return { url: config.REDIS_URL, tls: { ca, cert, key } };
}

/** One Redis for both unless another is named. */
export function queueRedis(config: Named): RedisTarget {
  const live = liveRedis(config);
  return { ...live, url: config.QUEUE_REDIS_URL ?? live.url };
}
