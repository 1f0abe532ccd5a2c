import {
  PUSH_PLATFORMS,
  pushJobSchema,
  toBulkJob,
  type PushPlatform,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Job } from 'bullmq';
import type { PushQueues } from './push-queues';
import type { QueueCalls } from '../store/store';

const REPLAY_PAGE = 100;

/**
 * Push jobs that were given up, for admins. Ids are `<platform>:<job>`, cursors `<platform>:<how many to pass over>`.
 */
export function createPushDeadLetters(queues: PushQueues): QueueCalls {
  /** Adds them anew: the worker reads how things stand now, and passes over what was read meanwhile. */
  async function replay(platform: PushPlatform, dead: Job[]): Promise<number> {
    const jobs = dead.flatMap((job) => pushJobSchema.safeParse(job.data).data ?? []);
    await queues
      .of(platform)
      .addBulk(jobs.map((job) => toBulkJob({ ...job, probes: undefined, refused: undefined })));
    await Promise.all(dead.map((job) => job.remove()));
    return jobs.length;
  }

  async function replayAll(platform: PushPlatform): Promise<number> {
    const queue = queues.of(platform);
    let replayed = 0;
    // Oldest first, and no more than there are now: what is given up again at once comes last, and not again.
    for (let left = await queue.getFailedCount(); left > 0; left -= REPLAY_PAGE) {
      const to = Math.min(left, REPLAY_PAGE) - 1;
      replayed += await replay(platform, await queue.getJobs(['failed'], 0, to, true));
    }
    return replayed;
  }

  async function replayOne(id: string): Promise<number> {
    const { platform, rest } = parse(id);
    const job = await queues.of(platform).getJob(rest);
    return job && (await job.isFailed()) ? await replay(platform, [job]) : 0;
  }

  return {
    async listDeadPushes({ limit, cursor }) {
      const from =
        cursor === undefined ? { platform: PUSH_PLATFORMS[0], rest: '0' } : parse(cursor);
      const dead: ReturnType<typeof toDeadPush>[] = [];
      for (const platform of PUSH_PLATFORMS.slice(PUSH_PLATFORMS.indexOf(from.platform))) {
        const skip = platform === from.platform ? Number(from.rest) : 0;
        const room = limit - dead.length;
        // One more, to know whether this is all.
        const failed = await queues.of(platform).getFailed(skip, skip + room);
        for (const job of failed.slice(0, room)) dead.push(toDeadPush(platform, job));
        if (failed.length > room) return { dead, next_cursor: `${platform}:${skip + room}` };
      }
      return { dead, next_cursor: null };
    },

    async replayDeadPushes({ ids }) {
      let replayed = 0;
      if (ids) for (const id of ids) replayed += await replayOne(id);
      else for (const platform of PUSH_PLATFORMS) replayed += await replayAll(platform);
      return { replayed };
    },
  };
}

function parse(text: string): { platform: PushPlatform; rest: string } {
  const [name, rest = ''] = text.split(':');
  const platform = PUSH_PLATFORMS.find((each) => each === name);
  if (!platform || !/^\d{1,15}$/.test(rest)) {
    throw new AppError('invalid_payload', 'This is not an id or cursor of dead pushes.');
  }
  return { platform, rest };
}

function toDeadPush(platform: PushPlatform, job: Job) {
  const {
    user_id = '',
    conversation_id = '',
    device_id = '',
  } = pushJobSchema.safeParse(job.data).data ?? {};
  return {
    id: `${platform}:${job.id}`,
    platform,
    user_id,
    conversation_id,
    device_id,
    reason: job.failedReason ?? 'unknown',
    attempts: job.attemptsMade,
    failed_at: new Date(job.finishedOn ?? job.timestamp).toISOString(),
  };
}
