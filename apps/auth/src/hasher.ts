import { randomBytes } from 'node:crypto';
import { AppError } from '@agent-messenger/service-kit';
import bcrypt from 'bcrypt';
import type { BcryptMetrics } from './metrics';

interface HasherOptions {
  cost: number;
  /** Computations at a time. */
  concurrency: number;
  /** Computations that may wait; more are refused. */
  maxWaiting: number;
  metrics: BcryptMetrics;
}

export interface Hasher {
  hash(secret: string): Promise<string>;
  /**
   * Costs the same work without a hash as with one, and with a hash of a lower cost as with a new one: the time does
   * not tell whether there is one.
   */
  matches(secret: string, hash: string | null): Promise<boolean>;
  /** Whether the hash is of a lower cost than new ones. */
  isOutdated(hash: string): boolean;
}

const HASH = /^\$2[aby]\$(\d\d)\$/;

/** bcrypt, bounded: beyond `maxWaiting` every method rejects with AppError `unavailable`. */
export async function createHasher(options: HasherOptions): Promise<Hasher> {
  const { cost, concurrency, maxWaiting, metrics } = options;
  const decoy = await bcrypt.hash(randomBytes(32).toString('base64url'), cost);
  const decoyOf = (lower: number) => decoy.replace(HASH, `$2b$${`${lower}`.padStart(2, '0')}$`);
  const costOf = (hash: string) => Number(HASH.exec(hash)?.[1] ?? NaN);
  const waiting: (() => void)[] = [];
  let running = 0;

  async function takeTurn(): Promise<void> {
    const stopWaiting = metrics.waitSeconds.startTimer();
    if (running < concurrency) running += 1;
    else if (waiting.length < maxWaiting) {
      metrics.waiting.inc();
      await new Promise<void>((resolve) => waiting.push(resolve));
      metrics.waiting.dec();
    } else {
      metrics.refused.inc();
      throw new AppError('unavailable', 'Too many logins at once', { retryAfterMs: 2_000 });
    }
    stopWaiting();
  }

  async function run<T>(operation: string, work: () => Promise<T>): Promise<T> {
    await takeTurn();
    const stop = metrics.seconds.startTimer({ operation });
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

  function compare(secret: string, hash: string): Promise<boolean> {
    metrics.rounds.inc({ operation: 'compare' }, 2 ** costOf(hash));
    return bcrypt.compare(secret, hash);
  }

  return {
    hash: (secret) =>
      run('hash', () => {
        metrics.rounds.inc({ operation: 'hash' }, 2 ** cost);
        return bcrypt.hash(secret, cost);
      }),
    matches: (secret, hash) =>
      run('compare', async () => {
        if (hash === null || !HASH.test(hash)) {
          await compare(secret, decoy);
          return false;
        }
        const isMatch = await compare(secret, hash);
        // 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) = 2^cost: together they cost what one new hash does.
        for (let lower = costOf(hash); lower < cost; lower++) await compare(secret, decoyOf(lower));
        return isMatch;
      }),
    isOutdated: (hash) => costOf(hash) < cost,
  };
}
