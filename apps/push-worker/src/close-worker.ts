import type { Logger } from '@agent-messenger/service-kit';
import type { Worker } from 'bullmq';
import { succeedsWithin } from './succeeds-within';

const CUT_MS = 1_000;

interface CloseWorkerOptions {
  worker: Worker;
  /** Whether the queue's Redis answers. */
  redisAnswers: () => Promise<boolean>;
  /** Resolves when no job is in flight. */
  idle: () => Promise<unknown>;
  /** For jobs in flight, milliseconds. */
  deadlineMs: number;
  log: Logger;
}

/**
 * Takes no more jobs and finishes what is in flight. Past the deadline, or without Redis, for which BullMQ would wait
 * without end, its connections are cut, and the jobs go to another worker when their locks have run out.
 */
export async function closeWorker(options: CloseWorkerOptions): Promise<void> {
  const { worker, redisAnswers, idle, deadlineMs, log } = options;
  const graceful = await redisAnswers();
  // A send in flight is finished either way: what a device was told is noted in the store.
  const finished = await succeedsWithin(deadlineMs, graceful ? worker.close() : idle());
  if (!finished) log.warn('push jobs in flight are left to another worker');
  if (graceful && finished) return;
  // A second close() would wait for the first.
  const cut = graceful ? worker.disconnect() : worker.close(true);
  await succeedsWithin(CUT_MS, cut);
}
