import { withoutReactedMessage } from '@agent-messenger/contracts';
import { takePage } from '../../pages';
import type { LogEntry, Store } from '../../store';
import { columnsOf, type OutboxFeed } from '../outbox/outbox-feed';
import { byConversation } from '../driver/group-rows';
import { prepared } from '../driver/prepared';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';
import { EVENT_SELECT, toEvent, type EventRow } from './rows';
import { withinBytes } from './within-bytes';

/** What the relay takes at a time, as JSON. */
const STRETCH_BYTES = 1024 * 1024;

const ENTRIES = withinBytes(
  `SELECT f.*, p.place::int FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY p (conversation, seq, place)
   JOIN LATERAL (${EVENT_SELECT} WHERE e.conversation = p.conversation AND e.seq = p.seq) f ON true`,
  { order: 'place', maxBytes: `${STRETCH_BYTES}` },
);
/** Of new messages: how many of them no replica has changed since, in conversations that are still there. */
const UNCHANGED = prepared(
  `SELECT count(*)::int AS unchanged FROM unnest($1::uuid[], $2::bigint[]) p (conversation, seq)
   JOIN log e ON e.conversation = p.conversation AND e.seq = p.seq
   JOIN conversations c ON c.id = p.conversation
   WHERE coalesce(e.updated_seq, e.seq) = e.seq AND c.deleted_at IS NULL`,
);
const SPANS = `SELECT m.conversation, i.id AS identity_id, m.joined_seq, m.left_seq,
    CASE WHEN c.deleted_at IS NOT NULL THEN c.last_seq END AS remaining_seq
  FROM members m JOIN conversations c ON c.id = m.conversation JOIN identities i ON i.n = m.identity
  WHERE m.conversation = ANY ($1::uuid[])`;

interface Span {
  conversation: string;
  identity_id: string;
  joined_seq: number;
  left_seq: number | null;
  /** The last event of a deleted conversation, the only one that is still for anybody. */
  remaining_seq: number | null;
}

type PlacedRow = EventRow & { place: number; is_last: boolean };

/** Events on their way to the members that were in the conversation when they were committed. */
export function createRelayEntries(
  { read }: Postgres,
  feed: OutboxFeed,
): Pick<Store, 'nextEntries'> {
  async function entriesAt(tx: Tx, columns: readonly [string[], number[]], limit: number) {
    const [rows, spans] = await Promise.all([
      tx.all<PlacedRow>(ENTRIES, columns),
      tx.all<Span>(SPANS, [[...new Set(columns[0])]]),
    ]);
    const spansOf = byConversation(spans);
    // A gateway reads what a reaction is on where it needs it: a thousand reactions to one message are small.
    const make = (row: PlacedRow): LogEntry => ({
      event: withoutReactedMessage(toEvent(row)),
      to: recipientsOf(row, spansOf.get(row.event_conversation) ?? []),
    });
    const page = takePage(rows, make, { limit, maxBytes: STRETCH_BYTES });
    const isWhole = !page.more && (page.last === undefined || page.last.is_last);
    return { items: page.taken, upTo: isWhole ? columns[0].length : (page.last?.place ?? 0) };
  }

  /** Much cheaper than to read them: nothing is fetched but a number. */
  async function areUnchanged(tx: Tx, columns: readonly [string[], number[]]): Promise<boolean> {
    const row = await tx.get<{ unchanged: number }>(UNCHANGED, columns);
    return row?.unchanged === columns[0].length;
  }

  return {
    async nextEntries(limit) {
      const taken = await feed.take('relay', { ageMs: 0, limit });
      if (!taken) return undefined;
      const columns = columnsOf(taken.keys);
      if (taken.entries && (await read((tx) => areUnchanged(tx, columns)))) {
        const bounds = { limit, maxBytes: STRETCH_BYTES };
        const { taken: items } = takePage(taken.entries, (entry) => entry, bounds);
        return { items, done: () => taken.done(items.length) };
      }
      const { items, upTo } = await read((tx) => entriesAt(tx, columns, limit));
      return { items, done: () => taken.done(upTo) };
    },
  };
}

function recipientsOf({ event_seq }: EventRow, spans: readonly Span[]): string[] {
  return spans
    .filter(
      ({ joined_seq, left_seq, remaining_seq }) =>
        (remaining_seq ?? joined_seq) <= event_seq && (left_seq === null || event_seq <= left_seq),
    )
    .map(({ identity_id }) => identity_id);
}
