import { Redis } from 'ioredis';
import { LaunchError } from './launch-error';

const ANSWER_MS = 5_000;

/** Refuses a Redis that does not answer before anything waits for it; the message names no password. */
export async function checkRedis(setting: string, url: string): Promise<void> {
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new LaunchError(`${setting} is not a redis:// or rediss:// URL.`);
  }
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let problem = `no answer within ${ANSWER_MS / 1_000} s`;
  redis.on('error', (error) => (problem = error.message));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(problem)), ANSWER_MS);
  });
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), late]);
  } catch (error) {
    // A connection that ended says only that; the reason came before.
    const { message } = error as Error;
    const reason = message === 'Connection is closed.' ? problem : message;
    const { hostname, port } = new URL(url);
    throw new LaunchError(`${setting}: Redis at ${hostname}:${port || 6379}: ${reason}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    // One that has ended already would wait 2 s for its end.
    if (redis.status !== 'end') redis.disconnect();
  }
}
