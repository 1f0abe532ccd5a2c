import type { Redis } from 'ioredis';
import { RedisProblem, redisProblem } from './redis-problem';

/** In different slots of a cluster, as what our scripts touch is. */
const KEYS = ['probe:written', 'probe:counted'] as const;
const TTL_MS = 60_000;

const SCRIPT = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
`;

interface ProbeOptions {
  prefix: string;
  /** Whether messages are published through it. */
  channels: boolean;
}

/**
 * Does what services do: writes, runs a script over two keys, and publishes, all under the prefix. That a Redis answers
 * says nothing: a replica, a full one and one whose disk failed answer as well.
 * @throws RedisProblem
 */
export async function probeRedis(redis: Redis, { prefix, channels }: ProbeOptions): Promise<void> {
  const [written, counted] = KEYS.map((key) => `${prefix}:${key}`) as [string, string];
  const steps = redis
    .pipeline()
    .set(written, '1', 'PX', TTL_MS)
    .eval(SCRIPT, 2, written, counted, '1', TTL_MS);
  // The channel of a gateway that there is not.
  if (channels) steps.publish(`${prefix}:gw:probe`, '');
  let failure: Error | null | undefined;
  try {
    const results = await steps.exec();
    failure = results?.find(([error]) => error !== null)?.[0];
  } catch (error) {
    throw redisProblem(error);
  }
  if (!failure) return;
  // Which it says by itself only where it is asked.
  const mode = failure.message.includes('unknown command') ? await redis.info('server') : '';
  if (/_mode:sentinel/.test(mode)) throw redisProblem(new Error(`SENTINEL ${failure.message}`));
  const problem = redisProblem(failure);
  if (problem.reason !== 'unreachable' || failure.name !== 'ReplyError') throw problem;
  const advice = 'it answers, and not as Redis does: services need SET, EVAL and PUBLISH';
  throw new RedisProblem('unsuitable', failure.message, advice);
}
