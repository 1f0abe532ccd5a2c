import {
  pushDeduplicationId,
  type PushJob,
  type PushPlatform,
  type RedisNames,
} from '@agent-messenger/contracts';
import { AppError, type Logger } from '@agent-messenger/service-kit';
import type { Redis } from 'ioredis';
import { inBatches } from './in-batches';

/**
 * A device is told about a conversation by one job at a time, in whichever worker: two at once would sound twice, and
 * might leave the older message on the screen.
 */
export interface Claims {
  /** False: another job is at it. What the same owner has is its own: whoever takes its job over goes on. */
  take(push: PushJob, owner: string): Promise<boolean>;
  /** Of what the owner has; without Redis it runs out. */
  release(push: PushJob, owner: string): Promise<void>;
}

interface ClaimsOptions {
  redis: Redis;
  names: RedisNames;
  platform: PushPlatform;
  /** Longer than any job is at one device, milliseconds: then it is gone without a trace. */
  ttlMs: number;
  log: Logger;
}

const TAKE = `
local taken = {}
for n, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  local isFree = not owner or owner == ARGV[n + 1]
  if isFree then redis.call('SET', key, ARGV[n + 1], 'PX', ARGV[1]) end
  taken[n] = isFree and 1 or 0
end
return taken
`;
const RELEASE = `
local released = {}
for n, key in ipairs(KEYS) do
  released[n] = redis.call('GET', key) == ARGV[n] and redis.call('DEL', key) or 0
end
return released
`;

interface Scripts {
  takePushClaims(count: number, ...args: (string | number)[]): Promise<number[]>;
  releasePushClaims(count: number, ...args: (string | number)[]): Promise<number[]>;
}
interface Claim {
  key: string;
  owner: string;
}

const BOUNDS = { most: 500, atOnce: 2 };

export function createClaims({ redis, names, platform, ttlMs, log }: ClaimsOptions): Claims {
  redis.defineCommand('takePushClaims', { lua: TAKE });
  redis.defineCommand('releasePushClaims', { lua: RELEASE });
  const scripts = redis as unknown as Scripts;
  const parts = (claims: Claim[]) => ({
    keys: claims.map(({ key }) => key),
    owners: claims.map(({ owner }) => owner),
  });
  const take = inBatches(async (claims: Claim[]) => {
    const { keys, owners } = parts(claims);
    return scripts.takePushClaims(keys.length, ...keys, ttlMs, ...owners);
  }, BOUNDS);
  const release = inBatches(async (claims: Claim[]) => {
    const { keys, owners } = parts(claims);
    return scripts.releasePushClaims(keys.length, ...keys, ...owners);
  }, BOUNDS);
  const claim = (push: PushJob, owner: string): Claim => ({
    key: names.pushClaim(platform, pushDeduplicationId(push)),
    owner,
  });

  return {
    async take(push, owner) {
      try {
        return (await take(claim(push, owner))) === 1;
      } catch (error) {
        throw new AppError('unavailable', 'The queue is not there.', { cause: error });
      }
    },
    async release(push, owner) {
      try {
        await release(claim(push, owner));
      } catch (error) {
        log.debug({ err: error }, 'a claim was not released');
      }
    },
  };
}
