import { AppError, failedAttemptsKey, type FailingKind } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import type { AttemptLimits, Subject } from './attempt-counters';
import { createMemoryCounters } from './memory-counters';
import { createRedisCounters } from './redis-counters';

interface FailedAttemptsOptions extends AttemptLimits {
  /** Must fail fast: while it is down, counting falls back to this process. */
  redis: Redis;
  /** REDIS_PREFIX. */
  prefix: string;
}

/** Who fails: a kind and a name, whatever somebody typed. */
export interface FailingSubject {
  kind: FailingKind;
  name: string;
  /** Failures before the one that locks. */
  free: number;
}

export interface FailedAttempts {
  /**
   * Lets `verify` run unless one of the subjects has to wait, and counts a failure of each when it answers null.
   * @throws AppError `rate_limited` with the time to wait; `unauthorized` when `verify` answered null
   */
  guard<T>(subjects: FailingSubject[], verify: () => Promise<T | null>): Promise<T>;
}

export function createFailedAttempts(options: FailedAttemptsOptions): FailedAttempts {
  const { redis, prefix } = options;
  const shared = createRedisCounters(redis, options);
  const insurance = createMemoryCounters(options);

  const counted = ({ kind, name, free }: FailingSubject): Subject => ({
    key: failedAttemptsKey(prefix, kind, name),
    free,
  });

  return {
    async guard(failing, verify) {
      const subjects = failing.map(counted);
      // An error of Redis says nothing about the caller.
      const waitMs = await shared.attempt(subjects).catch(() => insurance.attempt(subjects));
      if (waitMs > 0) {
        throw new AppError('rate_limited', 'Too many failed attempts', { retryAfterMs: waitMs });
      }
      let result;
      try {
        result = await verify();
      } catch (error) {
        // Nothing was tried: the store or bcrypt had no time for it.
        await shared.undo(subjects).catch(() => insurance.undo(subjects));
        throw error;
      }
      if (result === null) throw new AppError('unauthorized', 'The credentials are wrong');
      await shared.forget(subjects).catch(() => insurance.forget(subjects));
      return result;
    },
  };
}
