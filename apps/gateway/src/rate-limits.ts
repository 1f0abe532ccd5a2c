import { AppError } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { GatewayConfig } from './config';

/** Counts one and passes, or throws AppError `rate_limited` with when to come back. */
export type RateLimit = (key: string) => Promise<void>;

export interface RateLimits {
  /** Sends are counted in memory: one connection an identity, and no Redis call in a message's way. */
  sendsOfIdentity: RateLimit;
  sendsOfIp: RateLimit;
  connects: RateLimit;
  /** Of one identity: two devices that fight for the connection, or a peer that never reads `replaced`. */
  takeOvers: RateLimit;
  logins: RateLimit;
  /** Refreshes and agent tokens: every client asks for one each few minutes, many behind one address. */
  refreshes: RateLimit;
  registrations: RateLimit;
}

const MINUTE_S = 60;

/** @param redis a connection of its own that fails at once when Redis is away: then this process counts alone */
export function createRateLimits(config: GatewayConfig, redis: Redis): RateLimits {
  const inMemory = (name: string, points: number, duration: number) =>
    new RateLimiterMemory({ keyPrefix: name, points, duration });
  const shared = (name: string, points: number, duration: number) =>
    limit(
      new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `${config.REDIS_PREFIX}:limit:${name}`,
        points,
        duration,
        insuranceLimiter: inMemory(name, points, duration),
      }),
    );
  return {
    sendsOfIdentity: limit(inMemory('sends', config.SENDS_PER_MINUTE, MINUTE_S)),
    sendsOfIp: limit(inMemory('sends-ip', config.SENDS_PER_MINUTE_IP, MINUTE_S)),
    connects: shared('connects', config.CONNECTS_PER_MINUTE_IP, MINUTE_S),
    takeOvers: shared('take-overs', config.TAKE_OVERS_PER_MINUTE, MINUTE_S),
    logins: shared('logins', config.LOGINS_PER_MINUTE_IP, MINUTE_S),
    refreshes: shared('refreshes', config.REFRESHES_PER_MINUTE_IP, MINUTE_S),
    registrations: shared('registrations', config.REGISTRATIONS_PER_HOUR_IP, 60 * MINUTE_S),
  };
}

function limit(limiter: RateLimiterAbstract): RateLimit {
  return async (key) => {
    try {
      await limiter.consume(key);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new AppError('rate_limited', 'Too many requests', {
        retryAfterMs: refused.msBeforeNext,
      });
    }
  };
}
