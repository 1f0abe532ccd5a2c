import type { Consumer, Lag } from '../../store';
import { prepared } from '../driver/prepared';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';
import type { EventKey, OutboxQueues, OutboxRow, Taken } from './outbox-queues';

/** How long who has taken something over is left alone with it. */
const CLAIMED_MS = 5_000;
/** Commits that are taken over at a time. */
const CLAIMED_AT_ONCE = 100;
/** Between two looks for what is to be taken over. */
const LOOK_MS = 200;
/**
 * What was due for this long. A clock that was set back leaves commits in its future: they are due at once, rather than
 * when it has come there again.
 */
const CLAIM = prepared(
  `UPDATE outbox o SET due_at = clock_timestamp() + ($2 - $3) * interval '1 ms'
  FROM (SELECT consumer, id FROM outbox
    WHERE consumer = $1 AND NOT (id = ANY ($4::bigint[]))
      AND (due_at <= clock_timestamp() - $3 * interval '1 ms' OR at > clock_timestamp() + interval '1 minute')
    ORDER BY id LIMIT ${CLAIMED_AT_ONCE} FOR UPDATE SKIP LOCKED) due
  WHERE o.consumer = due.consumer AND o.id = due.id
  RETURNING o.id, o.events, o.conversations::text[], o.firsts, o.lasts,
    extract(epoch FROM clock_timestamp() - o.at)::float8 * 1000 AS age_ms`,
);
const LAG = `SELECT coalesce(sum(events), 0)::bigint AS events,
    coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 AS seconds
  FROM outbox WHERE consumer = $1 AND NOT (id = ANY ($2::bigint[]))`;

interface ClaimedRow {
  id: number;
  events: number;
  conversations: string[];
  firsts: number[];
  lasts: number[];
  age_ms: number;
}

export interface OutboxFeed {
  /** What was committed at least `ageMs` ago, at most `limit` events; undefined when there is nothing. */
  take(consumer: Consumer, of: { ageMs: number; limit: number }): Promise<Taken | undefined>;
  lagOf(consumer: Consumer): Promise<Lag>;
}

/** Feeds consumers what this replica has committed, and what others have and did not get dealt with. */
export function createOutboxFeed(
  { logId, read, write }: Pick<Postgres, 'logId' | 'read' | 'write'>,
  queues: OutboxQueues,
): OutboxFeed {
  const lookedAt = new Map<Consumer, number>();

  async function takeOver(consumer: Consumer, ageMs: number): Promise<void> {
    const values = [consumer, CLAIMED_MS, ageMs, queues.idsOf(consumer)];
    const claimed = await write((tx: Tx) => tx.all<ClaimedRow>(CLAIM, values));
    for (const row of claimed) queues.add(consumer, toRow(row));
  }

  return {
    async take(consumer, { ageMs, limit }) {
      const now = performance.now();
      if (now - (lookedAt.get(consumer) ?? -Infinity) >= LOOK_MS) {
        lookedAt.set(consumer, now);
        await takeOver(consumer, ageMs);
      }
      return queues.take(consumer, { limit, until: performance.now() - ageMs, logId: logId() });
    },

    async lagOf(consumer) {
      const removed = queues.toRemove().filter(([of]) => of === consumer);
      const ids = removed.map(([, id]) => id);
      const lag = await read((tx) => tx.get<Lag>(LAG, [consumer, ids]));
      const events = Math.max(0, (lag?.events ?? 0) - queues.dealtWith(consumer));
      return { events, seconds: events === 0 ? 0 : Math.max(0, lag?.seconds ?? 0) };
    },
  };
}

function toRow({ id, events, conversations, firsts, lasts, age_ms }: ClaimedRow): OutboxRow {
  const ranges = conversations.map((conversation, index) => ({
    conversation,
    first: firsts[index] ?? 0,
    last: lasts[index] ?? 0,
  }));
  return { id, events, ranges, at: performance.now() - Math.max(0, age_ms), dealt: 0 };
}

/** For SQL that takes keys of events as two arrays. */
export function columnsOf(keys: readonly EventKey[]): [string[], number[]] {
  return [keys.map(({ conversation }) => conversation), keys.map(({ seq }) => seq)];
}
