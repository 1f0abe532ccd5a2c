import type { Consumer, Lag, Store } from '../store';
import { ageOf, LogAges } from './log-ages';
import type { LogOrder } from './log';
import type { Offsets } from './offsets';
import type { PushSources } from './push';

export type Feeds = Pick<Store, 'nextEntries' | 'nextPushes' | 'lagOf'>;

export interface FeedSources {
  log: LogOrder;
  pushes: PushSources;
}

/** Feeds the consumers of the log from its order, each from an offset of its own. */
export function createFeeds(
  { log, pushes }: FeedSources,
  { offsets, monotonic }: { offsets: Offsets; monotonic?: (() => number) | undefined },
): Feeds {
  // Apart: a look forgets what is older than it asks for.
  const ages: Record<Consumer, LogAges> = {
    relay: new LogAges(monotonic),
    push: new LogAges(monotonic),
    unseen: new LogAges(monotonic),
  };
  let unseenBegan = false;

  /** The last position that is old enough. */
  function reached(consumer: Consumer, ageMs: number): number {
    const head = log.head();
    ages[consumer].note(head);
    return ageMs === 0 ? head : ages[consumer].reached(ageMs);
  }

  /**
   * In a store that is older than this consumer it begins where the other one is, and stays there as that one goes on.
   */
  function beginUnseen(): void {
    if (!unseenBegan) offsets.advance('unseen', offsets.read('unseen'));
    unseenBegan = true;
  }

  return {
    async nextEntries(limit) {
      const { entries, end } = log.entriesAfter(offsets.read('relay'), limit);
      ages.relay.note(entries.length === 0 ? end : log.head());
      if (entries.length === 0) return undefined;
      return { items: entries, done: () => offsets.advance('relay', end) };
    },

    async nextPushes(consumer, { ageMs, limit }) {
      if (consumer === 'unseen') beginUnseen();
      const from = offsets.read(consumer);
      const { pos, jobs } = await pushes[consumer](from, reached(consumer, ageMs), limit);
      if (pos === from) return undefined;
      return { items: jobs, done: () => offsets.advance(consumer, pos) };
    },

    async lagOf(consumer): Promise<Lag> {
      const [head, pos] = [log.head(), offsets.read(consumer)];
      return {
        // What was purged since it was dealt with counts for nothing.
        events: Math.max(0, head - pos),
        seconds: ageOf({ head, firstAt: log.firstAt }, ages[consumer], pos),
      };
    },
  };
}
