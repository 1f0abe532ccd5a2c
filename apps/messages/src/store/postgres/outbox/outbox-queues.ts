import type { Consumer, LogEntry } from '../../store';

/** Events of one conversation that a commit wrote: all from `first` to `last`. */
export interface EventRange {
  conversation: string;
  first: number;
  last: number;
  /** What the relay gets of them; absent: it has to read them. */
  kept?: KeptEntries | undefined;
}

/** New messages as they were committed. */
export interface KeptEntries {
  entries: LogEntry[];
  /** Characters of their texts. */
  texts: number;
}

/** A commit, as a consumer has it to deal with. */
export interface OutboxRow {
  id: number;
  ranges: readonly EventRange[];
  /** How many they are. */
  events: number;
  /** When it was committed, milliseconds of the monotonic clock. */
  at: number;
  /** How many of them are dealt with. */
  dealt: number;
  /** All of its events, as they were committed. */
  kept?: (KeptEntries & { logId: string }) | undefined;
}

export type OutboxKey = readonly [consumer: Consumer, id: number];

/** Which event of which conversation. */
export interface EventKey {
  conversation: string;
  seq: number;
}

/** Some of what waits, in order. */
export interface Taken {
  keys: EventKey[];
  /** The same, as they were committed; absent: they have to be read. */
  entries?: LogEntry[];
  /** The consumer has dealt with the first of them, so many. */
  done(count: number): void;
}

export const CONSUMERS: readonly Consumer[] = ['relay', 'push', 'unseen'];
/**
 * Commits that a consumer may have waiting in memory; the others are found in the table, when they are due for anybody.
 */
const MOST_QUEUED = 1_000;
/** Characters of the events that wait in memory whole; those beyond are read when it is their turn. */
const MOST_KEPT = 8 * 1024 * 1024;

/**
 * What this replica has to deal with, per consumer, in the order of commits to a conversation; and what it has dealt
 * with and is still in the table.
 */
export class OutboxQueues {
  private readonly queues = new Map<Consumer, OutboxRow[]>(CONSUMERS.map((name) => [name, []]));
  private readonly dealt = new Map<string, OutboxKey>();

  /** @param onDealt told when there is something to remove from the table */
  constructor(private readonly onDealt: () => void) {}

  add(consumer: Consumer, row: OutboxRow): void {
    const queue = this.queueOf(consumer);
    if (queue.length >= MOST_QUEUED || queue.some(({ id }) => id === row.id)) return;
    if (!this.hasRoomFor(row)) row.kept = undefined;
    // Nearly always the last one.
    let index = queue.length;
    while (index > 0 && (queue[index - 1]?.id ?? 0) > row.id) index -= 1;
    queue.splice(index, 0, row);
  }

  /** Ids of what waits here, and of what is done but not yet removed. */
  idsOf(consumer: Consumer): number[] {
    const removed = [...this.dealt.values()].filter(([of]) => of === consumer).map(([, id]) => id);
    return [...this.queueOf(consumer).map(({ id }) => id), ...removed];
  }

  /** The next events, at most `limit`, of commits that were there at `until`; undefined when there are none. */
  take(
    consumer: Consumer,
    { limit, until, logId }: { limit: number; until: number; logId: string },
  ): Taken | undefined {
    const parts: { row: OutboxRow; count: number }[] = [];
    const keys: EventKey[] = [];
    const entries: LogEntry[] = [];
    for (const row of this.queueOf(consumer)) {
      if (keys.length === limit || row.at > until) break;
      if (row.kept?.logId !== logId) row.kept = undefined;
      const upTo = row.dealt + limit - keys.length;
      const found = keysOf(row).slice(row.dealt, upTo);
      entries.push(...(row.kept?.entries.slice(row.dealt, upTo) ?? []));
      parts.push({ row, count: found.length });
      keys.push(...found);
    }
    if (keys.length === 0) return undefined;
    const before = parts.map(({ row }) => row.dealt);
    return {
      keys,
      // Together they are read at once.
      ...(entries.length === keys.length && { entries }),
      done: (count) => {
        let left = count;
        for (const [index, part] of parts.entries()) {
          const dealt = (before[index] ?? 0) + Math.min(part.count, left);
          left -= Math.min(part.count, left);
          this.settle(consumer, part.row, dealt);
        }
      },
    };
  }

  private hasRoomFor({ kept }: OutboxRow): boolean {
    if (!kept) return true;
    const texts = this.queueOf('relay').reduce((sum, row) => sum + (row.kept?.texts ?? 0), 0);
    return texts + kept.texts <= MOST_KEPT;
  }

  /** Events that are dealt with, of rows that are still in the table. */
  dealtWith(consumer: Consumer): number {
    return this.queueOf(consumer).reduce((sum, { dealt }) => sum + dealt, 0);
  }

  /** What is to be removed from the table. */
  toRemove(): OutboxKey[] {
    return [...this.dealt.values()];
  }

  /** They are gone from the table, or somebody else is at them. */
  removed(keys: readonly OutboxKey[]): void {
    for (const key of keys) this.dealt.delete(key.join());
  }

  private settle(consumer: Consumer, row: OutboxRow, dealt: number): void {
    row.dealt = Math.max(row.dealt, dealt);
    if (row.dealt < row.events) return;
    const queue = this.queueOf(consumer);
    const index = queue.indexOf(row);
    if (index < 0) return;
    queue.splice(index, 1);
    const key: OutboxKey = [consumer, row.id];
    this.dealt.set(key.join(), key);
    this.onDealt();
  }

  private queueOf(consumer: Consumer): OutboxRow[] {
    return this.queues.get(consumer) ?? [];
  }
}

function keysOf({ ranges }: OutboxRow): EventKey[] {
  return ranges.flatMap(({ conversation, first, last }) =>
    Array.from({ length: last - first + 1 }, (_, n) => ({ conversation, seq: first + n })),
  );
}
