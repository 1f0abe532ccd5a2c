import type { connectRedis } from '@agent-messenger/service-kit';

type Redis = Awaited<ReturnType<typeof connectRedis>>;

/** All keys and values, as one text. */
export async function everythingIn(redis: Redis): Promise<string> {
  const texts: string[] = [];
  for await (const keys of redis.scanStream() as AsyncIterable<string[]>) {
    for (const key of keys) texts.push(key, JSON.stringify(await valueOf(redis, key)));
  }
  return texts.join('\n');
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'none':
      // It has run out meanwhile.
      return null;
    default:
      throw new Error(`${key} is a ${type}`);
  }
}
