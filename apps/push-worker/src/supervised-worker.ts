import type { Logger } from '@agent-messenger/service-kit';
import type { Job, Worker } from 'bullmq';
import { closeWorker } from './close-worker';

type Process = (job: Job, token?: string) => Promise<void>;

interface SupervisedWorkerOptions {
  log: Logger;
  process: Process;
  /** Makes a running worker. */
  create: (process: Process) => Worker;
  /** Replaced after this long without a job although jobs wait, in milliseconds. */
  stuckAfterMs: number;
  /** For jobs in flight at the end, in milliseconds. */
  closeMs: number;
  onRestart: () => void;
  /** Whether the queue's Redis answers. */
  redisAnswers: () => Promise<boolean>;
}

/**
 * A BullMQ worker that is replaced when it is stuck. Connections come back by themselves; what counts is the end
 * result, and the only proof that a worker is well while jobs wait is that it takes some.
 */
export class SupervisedWorker {
  private worker: Worker;
  private readonly inFlight = new Set<Promise<void>>();
  /** When a job last began or ended, or no job waited; monotonic clock. */
  private wellAt = performance.now();
  private closed = false;

  constructor(private readonly options: SupervisedWorkerOptions) {
    this.worker = this.create();
  }

  /** Told regularly whether jobs wait; is not told while Redis does not answer. */
  observe(jobsWait: boolean): void {
    const now = performance.now();
    if (!jobsWait || this.inFlight.size > 0) {
      this.wellAt = now;
      return;
    }
    if (this.closed || now - this.wellAt < this.options.stuckAfterMs) return;
    const { log, onRestart } = this.options;
    log.warn('push jobs wait and the worker takes none: it is replaced');
    onRestart();
    const stuck = this.worker;
    this.worker = this.create();
    this.wellAt = now;
    this.end(stuck).catch((error: unknown) =>
      log.warn({ err: error }, 'a stuck worker could not be closed'),
    );
  }

  /** What is in flight is to come to its end. */
  get isClosing(): boolean {
    return this.closed;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.end(this.worker);
  }

  private async end(worker: Worker): Promise<void> {
    const { closeMs: deadlineMs, log, redisAnswers } = this.options;
    const idle = () => Promise.allSettled(this.inFlight);
    await closeWorker({ worker, redisAnswers, idle, deadlineMs, log });
  }

  private create(): Worker {
    const { create, process } = this.options;
    return create(async (job, token) => {
      const run = process(job, token);
      this.inFlight.add(run);
      try {
        await run;
      } finally {
        this.inFlight.delete(run);
        this.wellAt = performance.now();
      }
    });
  }
}
