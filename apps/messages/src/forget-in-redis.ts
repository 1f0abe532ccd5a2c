import {
  PUSH_PLATFORMS,
  pushBatchSchema,
  pushJobSchema,
  redisNames,
} from '@agent-messenger/contracts';
import { failedAttemptsKey, type Logger } from '@agent-messenger/service-kit';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { PushBatchQueue, PushQueue, PushQueues } from './push/push-queues';

/** Jobs, or entries of a queue's stream of events, that are looked at together. */
const PAGE = 500;
/** Wherever a job may be but `active`: that one ends by itself, and finds nobody to tell. */
const STATES = ['waiting', 'delayed', 'prioritized', 'failed', 'completed'] as const;

export interface ErasedPerson {
  user_id: string;
  username: string;
}
export type ForgetInRedis = (person: ErasedPerson) => Promise<void>;

interface ForgetOptions {
  redis: Redis;
  prefix: string;
  /** Where the queues are. */
  queueRedis: Redis;
  queues: Pick<PushQueues, 'of' | 'batchesOf'>;
  log: Logger;
}

/**
 * Removes what Redis has of a person that was erased, besides what the gateways keep: counted failures of its name,
 * answers that are being written to it, and its pushes. Failures that were counted for the name together with a network
 * or a device run out within their window.
 */
export function createForgetInRedis({
  redis,
  queueRedis,
  prefix,
  queues,
  log,
}: ForgetOptions): ForgetInRedis {
  return async ({ user_id, username }) => {
    const done = await Promise.allSettled([
      redis.del(
        failedAttemptsKey(prefix, 'account', username),
        failedAttemptsKey(prefix, 'person', user_id),
      ),
      forgetStreams(redis, prefix, user_id),
      ...PUSH_PLATFORMS.map(async (platform) =>
        forgetPushes(queues.of(platform), queueRedis, user_id),
      ),
      ...PUSH_PLATFORMS.map(async (platform) =>
        forgetInBatches(queues.batchesOf(platform), user_id),
      ),
    ]);
    const failed = done.find(({ status }) => status === 'rejected');
    // The person is gone in any case; what remains runs out.
    if (failed?.status === 'rejected') {
      log.warn({ reason: String(failed.reason) }, 'what Redis has of an erased person remains');
    }
  };
}

/** The text of answers that are being written. Their agents find out when they go on, other readers by asking. */
async function forgetStreams(redis: Redis, prefix: string, userId: string): Promise<void> {
  const names = redisNames(prefix);
  const streams = await redis.smembers(names.streamsOf(userId));
  await redis.del(
    names.streamsOf(userId),
    ...streams.flatMap((of) => [names.stream(of), names.streamText(of)]),
  );
}

/** Takes the person out of the batches that wait; those that are done are not kept. */
async function forgetInBatches(queue: PushBatchQueue, userId: string): Promise<void> {
  for (const state of ['waiting', 'delayed', 'failed'] as const) {
    const changes: (() => Promise<unknown>)[] = [];
    for await (const job of jobsIn(queue, state)) {
      const pushes = pushBatchSchema.safeParse(job.data).data?.pushes ?? [];
      const others = pushes.filter(({ user_id }) => user_id !== userId);
      if (others.length === pushes.length) continue;
      const isOver = others.length === 0;
      changes.push(() => (isOver ? job.remove() : job.updateData({ pushes: others })));
    }
    // One that a worker has taken meanwhile ends by itself.
    await Promise.allSettled(changes.map((change) => change()));
  }
}

async function forgetPushes(queue: PushQueue, redis: Redis, userId: string): Promise<void> {
  for (const state of STATES) {
    const own = [];
    for await (const job of jobsIn(queue, state)) {
      if (pushJobSchema.safeParse(job.data).data?.user_id === userId) own.push(job);
    }
    // One that a worker has taken meanwhile cannot be removed, and needs not be.
    await Promise.allSettled(own.map((job) => job.remove()));
  }
  const stream = queue.keys['events'] ?? '';
  for (let from = '-'; ;) {
    const entries = await redis.xrange(stream, from, '+', 'COUNT', PAGE);
    const own = entries.filter(([, fields]) => fields.some((field) => field.includes(userId)));
    if (own.length > 0) await redis.xdel(stream, ...own.map(([id]) => id));
    const last = entries.at(-1);
    if (!last || entries.length < PAGE) return;
    from = `(${last[0]}`;
  }
}

async function* jobsIn<Data>(
  queue: Queue<Data>,
  state: (typeof STATES)[number],
): AsyncGenerator<Job<Data>> {
  for (let from = 0; ; from += PAGE) {
    const jobs = await queue.getJobs([state], from, from + PAGE - 1);
    // One may have been removed since its place was read.
    for (const job of jobs) if (job) yield job as Job<Data>;
    if (jobs.length < PAGE) return;
  }
}
