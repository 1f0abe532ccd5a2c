import { JsonAnswer } from '@agent-messenger/service-kit';
import { FairQueue } from '../readers/fair-queue';
import { READ_CALLS, readerOf, type ReadCall, type Reads } from '../readers/read-calls';
import type { Store } from '../store';

const LIMITS = {
  /** Of all identities; a waiting request is some hundred bytes. */
  waiting: 10_000,
  waitingPerKey: 1_000,
};

export interface QueuedReads {
  calls: Reads & Pick<Store, 'readJson'>;
  /** How many wait. */
  waiting(): number;
  /** Answers what is under way, refuses what waits. */
  close(): Promise<void>;
}

/**
 * Reads in turn by identity, so many at a time that connections are left for those who write.
 * @param slots reads at a time; of one identity all but one
 */
export function createQueuedReads(reads: Reads, slots: number): QueuedReads {
  const queue = new FairQueue({ ...LIMITS, slots, slotsPerKey: Math.max(1, slots - 1) });
  const readJson: Store['readJson'] = (call, request) =>
    queue.run(readerOf(call, request), async () => JsonAnswer.of(await reads[call](request)));
  const queued = (Object.keys(READ_CALLS) as ReadCall[]).map((call) => {
    const carryOut = reads[call] as (request: never) => Promise<unknown>;
    const run = (request: never) => queue.run(readerOf(call, request), () => carryOut(request));
    return [call, run] as const;
  });
  return {
    calls: { ...(Object.fromEntries(queued) as unknown as Reads), readJson },
    waiting: () => queue.waiting,
    close: () => queue.close(),
  };
}
