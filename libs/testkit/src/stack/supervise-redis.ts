import { setTimeout as delay } from 'node:timers/promises';
import { startRedis, type RedisProcess } from '../redis-process';
import type { LogFile } from './log-file';

const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 10_000;

export interface SupervisedRedisOptions {
  dir: string;
  log: LogFile;
  report: (line: string) => void;
  /** Told after each start, when its pid is a new one. */
  onReady: () => void;
}

/** A Redis that comes back on its port, with its data, when it ends without having been told to. */
export async function superviseRedis(options: SupervisedRedisOptions): Promise<RedisProcess> {
  const { dir, log, report, onReady } = options;
  const stopping = new AbortController();

  async function bringBack(reason: string, backoffMs = FIRST_BACKOFF_MS): Promise<void> {
    report(`redis ended unexpectedly (${reason}): restart in ${backoffMs / 1000} s`);
    try {
      await delay(backoffMs, undefined, { signal: stopping.signal });
      await redis.start();
      report('redis is back');
      onReady();
    } catch (error) {
      if (stopping.signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      await bringBack(message, Math.min(backoffMs * 2, MAX_BACKOFF_MS));
    }
  }

  const redis = await startRedis({
    dir,
    output: (text) => log.write(text),
    onCrash: (reason) => void bringBack(reason),
  });
  const { stop } = redis;
  redis.stop = async () => {
    stopping.abort();
    await stop();
  };
  return redis;
}
