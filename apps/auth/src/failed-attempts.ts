import { createHash } from 'node:crypto';
import { AppError } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

interface FailedAttemptsOptions {
  /** Must fail fast: while it is down, counting falls back to this process. */
  redis: Redis;
  keyPrefix: string;
  /** Failures within the window, before more attempts are refused. */
  max: number;
  windowSeconds: number;
}

export interface FailedAttempts {
  /**
   * Lets `verify` run unless its subject has failed too often, and counts it when it answers null.
   * @throws AppError `rate_limited` with the time until the window ends; `unauthorized` when `verify` answered null
   */
  guard<T>(subject: string, verify: () => Promise<T | null>): Promise<T>;
}

export function createFailedAttempts(options: FailedAttemptsOptions): FailedAttempts {
  const { redis, keyPrefix, max, windowSeconds } = options;
  const limits = { keyPrefix, points: max, duration: windowSeconds };
  const limiter = new RateLimiterRedis({
    ...limits,
    storeClient: redis,
    insuranceLimiter: new RateLimiterMemory(limits),
  });

  /** Counted before the verdict: attempts made at the same time cannot all pass below the limit. */
  async function count(key: string): Promise<void> {
    try {
      await limiter.consume(key);
    } catch (verdict) {
      if (!(verdict instanceof RateLimiterRes)) throw verdict;
      throw new AppError('rate_limited', 'Too many failed attempts', {
        retryAfterMs: Math.max(verdict.msBeforeNext, 0),
      });
    }
  }

  return {
    async guard(subject, verify) {
      // Of fixed length whatever was typed, and no name in Redis.
      const key = createHash('sha256').update(subject).digest('base64url');
      await count(key);
      let result;
      try {
        result = await verify();
      } catch (error) {
        // Nothing was tried: the store or bcrypt had no time for it.
        await limiter.reward(key);
        throw error;
      }
      if (result === null) throw new AppError('unauthorized', 'The credentials are wrong');
      await limiter.delete(key);
      return result;
    },
  };
}
