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
  const ages = { waiting: new OldestAge(), delayed: new OldestAge() };
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function sample(): Promise<void> {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
    for (const [state, count] of Object.entries(counts)) {
      metrics.queueJobs.set({ platform, state }, count);
    }
    const [waiting] = await queue.getWaiting(0, 0);
    const [delayed] = await queue.getDelayed(0, 0);
    metrics.oldestSeconds.set({ platform, state: 'waiting' }, ages.waiting.of(waiting));
    metrics.oldestSeconds.set({ platform, state: 'delayed' }, ages.delayed.of(delayed));
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

/**
 * Seconds since the job was added: at least as long as it has been seen here, whatever was done to the clock that noted
 * the addition.
 */
class OldestAge {
  private seen: { id: string | undefined; since: number } | undefined;

  of(job: Job | undefined): number {
    const now = performance.now();
    if (!job) this.seen = undefined;
    else if (this.seen?.id !== job.id) this.seen = { id: job.id, since: now };
    if (!job || !this.seen) return 0;
    return Math.max(Date.now() - job.timestamp, now - this.seen.since) / 1_000;
  }
}
