import { PUSH_PLATFORMS, type Handlers, type messagesCalls } from '@agent-messenger/contracts';
import type { PushQueues } from './push-queues';

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** How many jobs there are of each platform, in which state, and who carries them out. A batch is one of them. */
export function createPushQueueFigures(
  queues: Pick<PushQueues, 'of' | 'batchesOf'>,
): Handlers<typeof messagesCalls>['pushQueues'] {
  return async () => ({
    queues: await Promise.all(
      PUSH_PLATFORMS.map(async (platform) => {
        const queue = queues.of(platform);
        const [own, batches] = await Promise.all(
          [queue, queues.batchesOf(platform)].map((each) => each.getJobCounts(...STATES)),
        );
        const [waiting = 0, active = 0, delayed = 0, dead = 0] = STATES.map(
          (state) => (own?.[state] ?? 0) + (batches?.[state] ?? 0),
        );
        // It asks for the list of clients, which not every Redis shows.
        const workers = await queue.getWorkersCount().catch(() => null);
        return { platform, waiting, active, delayed, dead, workers };
      }),
    ),
  });
}
