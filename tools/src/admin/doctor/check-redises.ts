import type { Finding } from './check';
import { checkRedis } from './check-redis';

/** Those that the environment names, by the rules of what they are used for. */
export async function checkRedises(env: Record<string, string | undefined>): Promise<Finding[]> {
  const { REDIS_URL: live, QUEUE_REDIS_URL: queue } = env;
  const { REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: key } = env;
  // As services have it by default; another one shows in what is not permitted.
  const prefix = env['REDIS_PREFIX'] || 'am';
  const check = (setting: 'REDIS_URL' | 'QUEUE_REDIS_URL', url: string, isQueue: boolean) =>
    checkRedis(
      setting,
      { url, tls: { ca, cert, key } },
      { prefix, isQueue, channels: setting === 'REDIS_URL' },
    );
  return [
    // One Redis for both unless another is named.
    ...(live ? await check('REDIS_URL', live, !queue) : []),
    ...(queue ? await check('QUEUE_REDIS_URL', queue, true) : []),
  ];
}
