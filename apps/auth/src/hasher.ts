import { randomBytes } from 'node:crypto';
import { AppError } from '@agent-messenger/service-kit';
import bcrypt from 'bcrypt';
import type { Histogram } from 'prom-client';

interface HasherOptions {
  cost: number;
  /** Computations at a time. */
  concurrency: number;
  /** Computations that may wait; more are refused. */
  maxWaiting: number;
  seconds: Histogram<'operation'>;
}

export interface Hasher {
  hash(secret: string): Promise<string>;
  /** Takes as long without a hash as with one, so that the time does not tell whether there is one. */
  matches(secret: string, hash: string | null): Promise<boolean>;
}

/** bcrypt, bounded: beyond `maxWaiting` every method throws AppError `unavailable`. */
export async function createHasher(options: HasherOptions): Promise<Hasher> {
  const { cost, concurrency, maxWaiting, seconds } = options;
  const decoy = await bcrypt.hash(randomBytes(32).toString('base64url'), cost);
  const waiting: (() => void)[] = [];
  let running = 0;

  async function run<T>(operation: string, work: () => Promise<T>): Promise<T> {
    if (running < concurrency) running += 1;
    else if (waiting.length < maxWaiting)
      await new Promise<void>((resolve) => waiting.push(resolve));
    else throw new AppError('unavailable', 'Too many logins at once', { retryAfterMs: 2_000 });
    const stop = seconds.startTimer({ operation });
    try {
      return await work();
    } finally {
      stop();
      // The place goes straight to who waits longest; `running` stays as it is.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    hash: (secret) => run('hash', () => bcrypt.hash(secret, cost)),
    matches: async (secret, hash) => {
      const equal = await run('compare', () => bcrypt.compare(secret, hash ?? decoy));
      return equal && hash !== null;
    },
  };
}
