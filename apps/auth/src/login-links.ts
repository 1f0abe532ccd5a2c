import { AppError } from '@agent-messenger/service-kit';
import { createHash, randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Whom a code is for, and its secret: what Redis keeps of it names nobody. */
const FORMAT = /^(usr_[\w-]{1,64})\.([\w-]{43})$/;
const SECRET_BYTES = 32;

/** KEYS code. ARGV what it was made for → 1 for the one caller that spends it */
const SPEND = `
local kept = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return kept == ARGV[1] and 1 or 0
`;

type WithScript = Redis & { loginLinkSpend(keys: number, ...args: string[]): Promise<number> };

export interface LoginLinks {
  /** A code that logs in this person while its password has this hash. @throws AppError `unavailable` without Redis */
  create(userId: string, passwordHash: string): Promise<{ code: string; expires_at: string }>;
  /** Whom a code is for, if it is one; whether it is good is said by `spend`. */
  userOf(code: string): string | null;
  /** Whether the code was good: from now on it is not. @throws AppError `unavailable` without Redis */
  spend(code: string, passwordHash: string): Promise<boolean>;
}

/**
 * Codes wait in Redis, by their digest: a Redis that comes back empty makes them worthless, never good again.
 * @param redis must fail fast @param prefix REDIS_PREFIX
 */
export function createLoginLinks(
  client: Redis,
  { prefix, ttlSeconds }: { prefix: string; ttlSeconds: number },
): LoginLinks {
  client.defineCommand('loginLinkSpend', { lua: SPEND });
  const redis = client as WithScript;
  const keyOf = (code: string) => `${prefix}:login-link:${digest(code)}`;

  return {
    async create(userId, passwordHash) {
      const code = `${userId}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const lifeMs = ttlSeconds * 1_000;
      await unlessAway(redis.set(keyOf(code), digest(passwordHash), 'PX', lifeMs));
      return { code, expires_at: new Date(Date.now() + lifeMs).toISOString() };
    },
    userOf: (code) => FORMAT.exec(code)?.[1] ?? null,
    async spend(code, passwordHash) {
      return (await unlessAway(redis.loginLinkSpend(1, keyOf(code), digest(passwordHash)))) === 1;
    },
  };
}

async function unlessAway<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new AppError('unavailable', 'Login links cannot be used now', {
      retryAfterMs: 1_000,
      cause,
    });
  }
}

/** A plain SHA-256 is enough: neither 256 random bits nor a bcrypt hash with its salt can be guessed. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
