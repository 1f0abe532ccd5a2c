import type { PushPlatform } from '@agent-messenger/contracts';
import type { Logger, Scope } from '@agent-messenger/service-kit';
import type { Job, Queue } from 'bullmq';
import type { PushMetrics } from './metrics';

interface Watched {
  queue: Queue;
  onSample: (sample: { jobsWait: boolean }) => void;
}

interface WatchQueuesOptions {
  platform: PushPlatform;
  watched: Watched[];
  everyMs: number;
  log: Logger;
  scope: Scope;
  metrics: PushMetrics;
}

const STATES = ['waiting', 'active', 'delayed', 'failed'] as const;

/** Measures the queues of a platform at intervals; passes over what Redis does not answer. */
export function watchQueues(options: WatchQueuesOptions): void {
  const { platform, everyMs, log, scope, metrics } = options;
  const watched = options.watched.map((each) => ({
    ...each,
    ages: { waiting: new OldestAge(), delayed: new OldestAge() },
  }));
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function look({ queue, ages, onSample }: (typeof watched)[number]) {
    const counts = await queue.getJobCounts(...STATES);
    const [waiting] = await queue.getWaiting(0, 0);
    const [delayed] = await queue.getDelayed(0, 0);
    onSample({ jobsWait: waiting !== undefined });
    return { counts, waiting: ages.waiting.of(waiting), delayed: ages.delayed.of(delayed) };
  }

  async function sample(): Promise<void> {
    const samples = await Promise.all(watched.map(look));
    for (const state of STATES) {
      const count = samples.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0);
      metrics.queueJobs.set({ platform, state }, count);
    }
    for (const state of ['waiting', 'delayed'] as const) {
      const oldest = Math.max(...samples.map((each) => each[state]));
      metrics.oldestSeconds.set({ platform, state }, oldest);
    }
  }

  async function next(): Promise<void> {
    await sample().catch((error: unknown) => log.debug({ err: error }, 'queues not measured'));
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
