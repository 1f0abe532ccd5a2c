import type { PushPlatform } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Job, Queue } from 'bullmq';
import type { PushMetrics } from './metrics';

interface WatchQueueOptions {
  platform: PushPlatform;
  queue: Queue;
  everyMs: number;
  log: Logger;
  scope: Scope;
  metrics: PushMetrics;
  onSample: (sample: { jobsWait: boolean }) => void;
}

/** Measures the queue at intervals, on a connection of its own; passes over what Redis does not answer. */
export function watchQueue(options: WatchQueueOptions): void {
  const { platform, queue, everyMs, log, scope, metrics, onSample } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function sample(): Promise<void> {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
    for (const [state, count] of Object.entries(counts)) {
      metrics.queueJobs.set({ platform, state }, count);
    }
    const [waiting] = await queue.getWaiting(0, 0);
    const [delayed] = await queue.getDelayed(0, 0);
    metrics.oldestSeconds.set({ platform, state: 'waiting' }, ageOf(waiting));
    metrics.oldestSeconds.set({ platform, state: 'delayed' }, ageOf(delayed));
    onSample({ jobsWait: waiting !== undefined });
  }

  async function next(): Promise<void> {
    await sample().catch((error: unknown) => log.debug({ err: error }, 'queue not measured'));
    if (!stopped) timer = setTimeout(() => void next(), everyMs);
  }

  void next();
  scope.defer('queue watch', () => {
    stopped = true;
    clearTimeout(timer);
  });
}

/** Seconds since the job was added. */
function ageOf(job: Job | undefined): number {
  return job ? Math.max(Date.now() - job.timestamp, 0) / 1_000 : 0;
}
