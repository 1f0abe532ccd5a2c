import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Queue } from 'bullmq';
import type { PushMetrics } from './metrics';

interface WatchQueueOptions {
  queue: Queue;
  everyMs: number;
  log: Logger;
  scope: Scope;
  metrics: PushMetrics;
  onSample: (sample: { jobsWait: boolean }) => void;
}

/** Measures the queue at intervals, on a connection of its own; passes over what Redis does not answer. */
export function watchQueue(options: WatchQueueOptions): void {
  const { queue, everyMs, log, scope, metrics, onSample } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function sample(): Promise<void> {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
    for (const [state, count] of Object.entries(counts)) metrics.queueJobs.set({ state }, count);
    const [oldest] = await queue.getWaiting(0, 0);
    metrics.oldestWaitingSeconds.set(
      oldest ? Math.max(Date.now() - oldest.timestamp, 0) / 1_000 : 0,
    );
    onSample({ jobsWait: oldest !== undefined });
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
