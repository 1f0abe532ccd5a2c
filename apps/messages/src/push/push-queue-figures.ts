import { PUSH_PLATFORMS, type Handlers, type messagesCalls } from '@agent-messenger/contracts';
import type { PushQueues } from './push-queues';

/** How many jobs there are of each platform, in which state, and who carries them out. */
export function createPushQueueFigures(
  queues: Pick<PushQueues, 'of'>,
): Handlers<typeof messagesCalls>['pushQueues'] {
  return async () => ({
    queues: await Promise.all(
      PUSH_PLATFORMS.map(async (platform) => {
        const queue = queues.of(platform);
        const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
        const { waiting = 0, active = 0, delayed = 0, failed: dead = 0 } = counts;
        // It asks for the list of clients, which not every Redis shows.
        const workers = await queue.getWorkersCount().catch(() => null);
        return { platform, waiting, active, delayed, dead, workers };
      }),
    ),
  });
}
