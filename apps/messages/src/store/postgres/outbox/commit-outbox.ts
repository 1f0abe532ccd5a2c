import type { Consumer } from '../../store';
import { prepared } from '../driver/prepared';
import type { AroundCommits, Tx } from '../driver/transactions';
import {
  CONSUMERS,
  type EventRange,
  type KeptEntries,
  type OutboxKey,
  type OutboxQueues,
} from './outbox-queues';
import type { LogIdentity } from '../log-identity';

/** How long only who has committed deals with it. */
const OWN_MS = 1_000;
// Locks that the transaction holds keep the ids of a conversation's commits in order.
const INSERT = prepared(
  `INSERT INTO outbox (consumer, id, at, due_at, events, conversations, firsts, lasts)
  SELECT c, nextval('outbox_ids'), clock_timestamp(), clock_timestamp() + $2 * interval '1 ms', $3,
    $4::uuid[], $5::bigint[], $6::bigint[]
  FROM unnest($1::text[]) c RETURNING consumer, id`,
);
/** Who is at one of them has taken it over: it will remove it itself. Nobody waits for anybody. */
const REMOVE = prepared(
  `DELETE FROM outbox WHERE (consumer, id) IN (
  SELECT o.consumer, o.id FROM outbox o
  JOIN unnest($1::text[], $2::bigint[]) done (consumer, id) ON o.consumer = done.consumer AND o.id = done.id
  FOR UPDATE OF o SKIP LOCKED)`,
);

/**
 * The outbox: with each commit goes what its consumers have to deal with, and what they have dealt with since the last
 * one goes out of it. So whatever is committed is dealt with, in whatever order commits become visible and whoever
 * dies.
 */
export function createCommitOutbox(
  queues: OutboxQueues,
  { logId }: Pick<LogIdentity, 'logId'>,
): AroundCommits {
  return {
    beforeCommit(tx) {
      const removed = removeDealt(tx, queues);
      if (tx.wrote.length === 0) return () => queues.removed(removed);
      const ranges = joined(tx.wrote);
      const events = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
      const inserted = tx.all<{ consumer: Consumer; id: number }>(INSERT, [
        [...CONSUMERS],
        OWN_MS,
        events,
        ranges.map(({ conversation }) => conversation),
        ranges.map(({ first }) => first),
        ranges.map(({ last }) => last),
      ]);
      inserted.catch(() => undefined);
      return async () => {
        queues.removed(removed);
        const at = performance.now();
        const all = keptOf(ranges);
        const kept = all && { ...all, logId: logId() };
        for (const { consumer, id } of await inserted) {
          const row = { id, ranges, events, at, dealt: 0 };
          queues.add(consumer, consumer === 'relay' ? { ...row, kept } : row);
        }
      };
    },
  };
}

/** @returns what is gone after the commit */
function removeDealt(tx: Tx, queues: OutboxQueues): readonly OutboxKey[] {
  const keys = queues.toRemove();
  if (keys.length > 0) {
    tx.later(REMOVE, [keys.map(([consumer]) => consumer), keys.map(([, id]) => id)]);
  }
  return keys;
}

/** One range for each conversation: a transaction writes its events without a gap. */
function joined(wrote: readonly EventRange[]): EventRange[] {
  const ranges = new Map<string, EventRange>();
  for (const { conversation, first, last, kept } of wrote) {
    const known = ranges.get(conversation);
    if (known) {
      known.last = last;
      if (kept && known.kept) {
        known.kept.entries.push(...kept.entries);
        known.kept.texts += kept.texts;
      } else {
        known.kept = undefined;
      }
    } else {
      ranges.set(conversation, { conversation, first, last, kept });
    }
  }
  return [...ranges.values()];
}

/** Undefined when something is missing, or is no new message. */
function keptOf(ranges: readonly EventRange[]): KeptEntries | undefined {
  const kept = ranges.filter(addsOnly).flatMap((range) => range.kept ?? []);
  return kept.length === ranges.length ? keptTogether(kept) : undefined;
}

function keptTogether(parts: readonly KeptEntries[]): KeptEntries {
  return {
    entries: parts.flatMap(({ entries }) => entries),
    texts: parts.reduce((sum, { texts }) => sum + texts, 0),
  };
}

function addsOnly({ kept }: EventRange): boolean {
  return kept?.entries.every(({ event }) => event.type === 'message.created') ?? false;
}
