import { AppError, JsonAnswer, type Logger } from '@agent-messenger/service-kit';
import { existsSync } from 'node:fs';
import { FairQueue } from './fair-queue';
import { readerOf } from './read-calls';
import { answerOf, type ReadOutcome, type ReaderData, type ReadTask } from './read-task';
import { ReaderThreadSlot } from './reader-thread-slot';
import type { Readers } from './readers';

interface ReaderThreadsOptions extends ReaderData {
  /** The program of a thread, JavaScript. */
  entry: string;
  threads: number;
  now(): Date;
  /** The store's revision. */
  rev(): number;
  log: Logger;
}

const LIMITS = {
  /** Of all identities; a waiting request is some hundred bytes. */
  waiting: 10_000,
  waitingPerKey: 1_000,
};
const RETRY_AFTER_MS = 100;

/**
 * Reads on threads, each with a connection of its own to the database. They are JSON when they leave their thread, so
 * that a page costs the event loop a copy.
 */
export function openReaderThreads(options: ReaderThreadsOptions): Readers {
  const { entry, threads, path, secret, now, rev, log } = options;
  if (!existsSync(entry)) throw new Error(`${entry} is missing: build the service`);
  const slots = Array.from(
    { length: threads },
    () => new ReaderThreadSlot({ entry, data: { path, secret }, log }),
  );
  // The others start when reads come at the same time: a thread costs memory, and its start what a service's does.
  slots[0]?.warmUp();
  const queue = new FairQueue({
    ...LIMITS,
    slots: threads,
    // One is always left for the others.
    slotsPerKey: Math.max(1, threads - 1),
  });

  async function carryOut(task: ReadTask): Promise<ReadOutcome> {
    const slot = slots.find(({ isBusy }) => !isBusy);
    if (!slot) throw new Error('The queue has given out more slots than there are');
    try {
      return await slot.run(task);
    } catch (cause) {
      log.error({ err: cause, call: task.call }, 'a reader thread ended during a call');
      throw new AppError('unavailable', 'The read was interrupted.', {
        cause,
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
  }

  return {
    async run(call, request) {
      const asked = { call, request, rev: rev() };
      const work = () => carryOut({ ...asked, at: now().getTime() });
      return new JsonAnswer(answerOf(await queue.run(readerOf(call, request), work)));
    },
    exclusive: (work) => queue.exclusive(work),
    waiting: () => queue.waiting,
    async close() {
      await queue.close();
      await Promise.all(slots.map((slot) => slot.close()));
    },
  };
}
