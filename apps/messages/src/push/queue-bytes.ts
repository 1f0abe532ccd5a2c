import { MOST_IN_BATCH, pushDeduplicationId, type PushJob } from '@agent-messenger/contracts';
import type { Redis } from 'ioredis';

/** Of each state, spread evenly over its jobs. */
const SAMPLES = 10;

/**
 * Bytes that a queue takes: of each state the list, and the mean of some jobs times their number, each with the key
 * that keeps another one away. About 150 commands of some microseconds for a queue with jobs in three states.
 */
const MEASURE = `
local function usage(key) return redis.call('MEMORY', 'USAGE', key) or 0 end
-- Of each field: some would be the same ones of all jobs, the long or the short, as each start of Redis orders them.
local function whole(key) return redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) or 0 end
local prefix, samples = KEYS[1], tonumber(ARGV[1])
local total = usage(prefix .. 'meta') + usage(prefix .. 'events')
for _, state in ipairs({ 'wait', 'paused', 'active', 'delayed', 'prioritized', 'completed', 'failed' }) do
  local key = prefix .. state
  local kind = redis.call('TYPE', key).ok
  if kind == 'list' or kind == 'zset' then
    local count = redis.call(kind == 'list' and 'LLEN' or 'ZCARD', key)
    local taken = math.min(samples, count)
    local sampled = 0
    for n = 0, taken - 1 do
      local at = math.floor(n * count / taken)
      local job = redis.call(kind == 'list' and 'LRANGE' or 'ZRANGE', key, at, at)[1]
      local same = redis.call('HGET', prefix .. job, 'deid')
      sampled = sampled + whole(prefix .. job)
      if same then sampled = sampled + usage(prefix .. 'de:' .. same) end
    end
    total = total + usage(key) + math.floor(sampled / taken * count)
  end
end
return total
`;

/** @param prefix of the keys of one queue, with the colon at its end */
export type MeasureQueue = (prefix: string) => Promise<number>;

export function queueMeasure(redis: Redis): MeasureQueue {
  redis.defineCommand('pushQueueBytes', { lua: MEASURE, numberOfKeys: 1, readOnly: true });
  const scripts = redis as unknown as {
    pushQueueBytes(prefix: string, samples: number): Promise<number>;
  };
  return (prefix) => scripts.pushQueueBytes(prefix, SAMPLES);
}

/** Options, times, counters and the entries of a job's fields, measured with Redis 7. */
const EACH_BYTES = 1_000;

/** What one more job will take, about. Its deduplication id is in its options, a field, and a key of its own. */
export function jobBytes(job: PushJob): number {
  const id = Buffer.byteLength(pushDeduplicationId(job));
  return EACH_BYTES + Buffer.byteLength(JSON.stringify(job)) + 3 * id;
}

/** What it will take as one of many of a batch, which has no such id. */
export function batchedBytes(job: PushJob): number {
  return EACH_BYTES / MOST_IN_BATCH + Buffer.byteLength(JSON.stringify(job));
}
