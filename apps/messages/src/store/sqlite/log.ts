import { withoutReactedMessage } from '@agent-messenger/contracts';
import { createListEvents } from '../list-events';
import type { LogEntry, Store } from '../store';
import { fence, firstSeqFor, lastSeqFor } from '../access-rules';
import type { Access } from './access';
import type { Attempts } from './attempts';
import { unpackTime } from './packed';
import { toMessage } from '../message-rows';
import { PAGE_BYTES, takePage } from '../pages';
import {
  EVENT_SELECT,
  MESSAGE_SELECT,
  toEvent,
  unpackMessage,
  type EventRow,
  type StoredMessage,
} from './rows';
import type { RecentEntries } from './recent-entries';
import type { Sqlite } from './sqlite';

/** What a consumer takes of the log at a time, as JSON. */
const STRETCH_BYTES = 1024 * 1024;

/** The log in the order of commits, which this store has: one writer gives out positions that rise, with gaps. */
export interface LogOrder {
  /**
   * The next entries after `pos`, at most `limit`, and about 1 MiB unless a single one is larger, and where they end;
   * none at the head.
   */
  entriesAfter(pos: number, limit: number): { entries: LogEntry[]; end: number };
  /** Position of the last event; 0 in an empty log. */
  head(): number;
  /** When the first event after `pos` was committed, RFC 3339. */
  firstAt(pos: number): string | undefined;
}

interface Log {
  calls: Pick<Store, 'readLog' | 'listEvents' | 'listMessages' | 'lastEventAt'>;
  order: LogOrder;
}
interface Span {
  conversation_id: string;
  identity_id: string;
  joined_seq: number;
  left_seq: number | null;
  /** The last event of a deleted conversation, the only one that is still for anybody. */
  remaining_seq: number | null;
}

export function createLog(
  { db, logId }: Sqlite,
  {
    access,
    attempts,
    recent,
  }: { access: Access; attempts: Pick<Attempts, 'suspect'>; recent: RecentEntries },
): Log {
  const eventsAfter = db.prepare<[number, number, number], EventRow>(
    `${EVENT_SELECT} WHERE e.conversation = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
  );
  const messages = (order: 'ASC' | 'DESC') =>
    db.prepare<[number, number, number], StoredMessage>(
      `${MESSAGE_SELECT}
       WHERE x.conversation = ? AND x.seq > ? AND x.seq < ? AND x.id IS NOT NULL ORDER BY x.seq ${order}`,
    );
  const [messagesUp, messagesDown] = [messages('ASC'), messages('DESC')];
  const eventsFrom = db.prepare<[number, number], EventRow>(
    `${EVENT_SELECT} WHERE e.pos > ? ORDER BY e.pos LIMIT ?`,
  );
  const membersOf = db.prepare<[number, number], Span>(
    `SELECT c.id AS conversation_id, i.id AS identity_id, m.joined_seq, m.left_seq,
       iif(c.deleted_at IS NULL, NULL, c.last_seq) AS remaining_seq
     FROM members m JOIN conversations c ON c.n = m.conversation JOIN identities i ON i.n = m.identity
     WHERE m.conversation IN (SELECT conversation FROM log WHERE pos > ? AND pos <= ?)`,
  );
  const lastAt = db.prepare<[], number>('SELECT at FROM log ORDER BY pos DESC LIMIT 1').pluck();
  const lastPos = db.prepare<[]>('SELECT max(pos) FROM log').pluck();
  const firstAfter = db
    .prepare<[number], number>('SELECT at FROM log WHERE pos > ? ORDER BY pos LIMIT 1')
    .pluck();

  const calls: Log['calls'] = {
    async readLog({ identity_id, epoch, conversation_id, after_seq, limit, max_bytes, compact }) {
      const member = access.reader(conversation_id, identity_id);
      fence(member, epoch);
      const after = Math.max(after_seq ?? member.delivered_seq, firstSeqFor(member) - 1);
      const last_seq = lastSeqFor(member);
      const suspect = after_seq === null ? attempts.suspect(member) : undefined;
      const found = eventsAfter.iterate(member.conversation, after, last_seq);
      const make = compact ? (row: EventRow) => withoutReactedMessage(toEvent(row)) : toEvent;
      const maxBytes = Math.min(max_bytes ?? PAGE_BYTES, PAGE_BYTES);
      const { taken, more } = takePage(found, make, { limit, maxBytes });
      return {
        events: taken,
        has_more: more,
        last_seq,
        log_id: logId,
        after_seq: after,
        ...(suspect && { suspect }),
      };
    },

    listEvents: createListEvents((request) => calls.readLog(request)),

    async listMessages({ identity_id, conversation_id, before_seq, after_seq, limit }) {
      const { conversation, joined_seq, last_seq } = access.present(conversation_id, identity_id);
      const from = Math.max(after_seq ?? 0, joined_seq - 1);
      const to = before_seq ?? last_seq + 1;
      const up = after_seq !== undefined;
      const found = (up ? messagesUp : messagesDown).iterate(conversation, from, to);
      const make = (stored: StoredMessage) => toMessage(unpackMessage(stored));
      const { taken, more } = takePage(found, make, { limit });
      if (!up) taken.reverse();
      return { messages: taken, has_more: more, last_seq, log_id: logId };
    },

    async lastEventAt() {
      const at = lastAt.get();
      return at === undefined ? null : unpackTime(at);
    },
  };

  const order: LogOrder = {
    entriesAfter(pos, limit) {
      const kept = recent.after(pos, { limit, maxChars: STRETCH_BYTES });
      if (kept) return kept;
      const toEntry = (row: EventRow) => ({
        pos: row.event_pos,
        // A gateway reads what a reaction is on where it needs it: a thousand reactions to one message are small.
        event: withoutReactedMessage(toEvent(row)),
      });
      const bounds = { limit, maxBytes: STRETCH_BYTES };
      const { taken } = takePage(eventsFrom.iterate(pos, limit), toEntry, bounds);
      const last = taken.at(-1);
      if (!last) return { entries: [], end: pos };
      const spans = new Map<string, Span[]>();
      for (const span of membersOf.all(pos, last.pos)) {
        const sharing = spans.get(span.conversation_id);
        if (sharing) sharing.push(span);
        else spans.set(span.conversation_id, [span]);
      }
      const entries = taken.map(({ event }): LogEntry => {
        const isFor = ({ joined_seq, left_seq, remaining_seq }: Span) =>
          (remaining_seq ?? joined_seq) <= event.seq &&
          (left_seq === null || event.seq <= left_seq);
        const members = spans.get(event.conversation_id) ?? [];
        return { event, to: members.filter(isFor).map((span) => span.identity_id) };
      });
      return { entries, end: last.pos };
    },
    head: () => Number(lastPos.get() ?? 0),
    firstAt(pos) {
      const at = firstAfter.get(pos);
      return at === undefined ? undefined : unpackTime(at);
    },
  };
  return { calls, order };
}
