import type { Redis } from 'ioredis';
import type { AttemptCounters, AttemptLimits, Subject } from './attempt-counters';

/**
 * KEYS subjects. ARGV now, window, first wait, longest wait, then free failures of each subject. → ms to wait, or 0. An
 * attempt in the future is one before the clock was set back: it and its lock begin now, or nobody could wait for its
 * end.
 */
const ATTEMPT = `
local now, window, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local failures, wait = {}, 0
for i, key in ipairs(KEYS) do
  local state = redis.call('HMGET', key, 'failures', 'at', 'until')
  local at, locked = tonumber(state[2] or 0), tonumber(state[3] or 0)
  if at > now then
    locked = locked - (at - now)
    at = now
    redis.call('HSET', key, 'at', ARGV[1], 'until', string.format('%.0f', locked))
  end
  if state[1] and now - at < window then
    failures[i] = tonumber(state[1])
    wait = math.max(wait, locked - now)
  else
    failures[i] = 0
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  local count = failures[i] + 1
  local over = count - ARGV[4 + i]
  local locked = 0
  if over >= 0 then locked = now + math.min(first * 2 ^ over, longest) end
  redis.call('HSET', key, 'failures', count, 'at', ARGV[1], 'until', string.format('%.0f', locked))
  redis.call('PEXPIRE', key, window)
end
return 0
`;

/** KEYS subjects. */
const UNDO = `
for _, key in ipairs(KEYS) do
  local count = tonumber(redis.call('HGET', key, 'failures') or 0)
  if count > 1 then redis.call('HSET', key, 'failures', count - 1, 'until', 0) else redis.call('DEL', key) end
end
`;

type WithScripts = Redis & {
  attemptCount(subjects: number, ...args: (string | number)[]): Promise<number>;
  attemptUndo(subjects: number, ...keys: string[]): Promise<null>;
};

/**
 * Shared by all replicas, each step one atomic script. Every method rejects while Redis is away. The time is that of
 * the replica: a clock that is behind lets a lock begin anew, once, and one that is ahead shortens it by as much.
 */
export function createRedisCounters(
  client: Redis,
  { windowMs, waitMs, longestWaitMs }: AttemptLimits,
  now: () => number = Date.now,
): AttemptCounters {
  client.defineCommand('attemptCount', { lua: ATTEMPT });
  client.defineCommand('attemptUndo', { lua: UNDO });
  const redis = client as WithScripts;
  const keysOf = (subjects: Subject[]) => subjects.map(({ key }) => key);

  return {
    attempt(subjects) {
      const limits = [now(), windowMs, waitMs, longestWaitMs];
      const frees = subjects.map(({ free }) => free);
      return redis.attemptCount(subjects.length, ...keysOf(subjects), ...limits, ...frees);
    },
    async undo(subjects) {
      await redis.attemptUndo(subjects.length, ...keysOf(subjects));
    },
    async forget(subjects) {
      await redis.del(keysOf(subjects));
    },
  };
}
