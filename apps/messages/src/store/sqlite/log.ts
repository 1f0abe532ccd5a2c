import type { LogEntry, Store } from '../store';
import { fence, firstSeqFor, lastSeqFor, type Access } from './access';
import {
  EVENT_SELECT,
  MESSAGE_COLUMNS,
  takePage,
  toEvent,
  toMessage,
  type EventRow,
  type MessageRow,
} from './rows';
import type { Sqlite } from './sqlite';

type Log = Pick<Store, 'readLog' | 'listMessages' | 'entriesAfter' | 'head'>;
interface Span {
  conversation_id: string;
  identity_id: string;
  joined_seq: number;
  left_seq: number | null;
  /** The last event of a deleted conversation, the only one that is still for anybody. */
  remaining_seq: number | null;
}

export function createLog({ db, logId }: Sqlite, access: Access): Log {
  const eventsAfter = db.prepare<[string, number, number], EventRow>(
    `${EVENT_SELECT} WHERE e.conversation_id = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq`,
  );
  const messages = (order: 'ASC' | 'DESC') =>
    db.prepare<[string, number, number], MessageRow>(
      `SELECT ${MESSAGE_COLUMNS} FROM messages x
       WHERE x.conversation_id = ? AND x.seq > ? AND x.seq < ? ORDER BY x.seq ${order}`,
    );
  const [messagesUp, messagesDown] = [messages('ASC'), messages('DESC')];
  const entries = db.prepare<[number, number], EventRow>(
    `${EVENT_SELECT} WHERE e.pos > ? ORDER BY e.pos LIMIT ?`,
  );
  const membersOf = db.prepare<[number, number], Span>(
    `SELECT m.conversation_id, m.identity_id, m.joined_seq, m.left_seq,
       iif(c.deleted_at IS NULL, NULL, c.last_seq) AS remaining_seq
     FROM members m JOIN conversations c ON c.id = m.conversation_id
     WHERE m.conversation_id IN (SELECT conversation_id FROM events WHERE pos > ? AND pos <= ?)`,
  );
  const lastPos = db.prepare<[]>('SELECT max(pos) FROM events').pluck();

  return {
    async readLog({ identity_id, epoch, conversation_id, after_seq, limit, max_bytes }) {
      const member = access.reader(conversation_id, identity_id);
      fence(member, epoch);
      const after = Math.max(after_seq ?? member.delivered_seq, firstSeqFor(member) - 1);
      const last_seq = lastSeqFor(member);
      const found = eventsAfter.iterate(conversation_id, after, last_seq);
      const { rows, more } = takePage(found, limit, max_bytes);
      return {
        events: rows.map(toEvent),
        has_more: more,
        last_seq,
        log_id: logId,
        after_seq: after,
      };
    },

    async listMessages({ identity_id, conversation_id, before_seq, after_seq, limit }) {
      const { joined_seq, last_seq } = access.present(conversation_id, identity_id);
      const from = Math.max(after_seq ?? 0, joined_seq - 1);
      const to = before_seq ?? last_seq + 1;
      const up = after_seq !== undefined;
      const found = (up ? messagesUp : messagesDown).iterate(conversation_id, from, to);
      const { rows, more } = takePage(found, limit);
      if (!up) rows.reverse();
      return { messages: rows.map(toMessage), has_more: more, last_seq, log_id: logId };
    },

    async entriesAfter(pos, limit) {
      const { rows } = takePage(entries.iterate(pos, limit), limit);
      const last = rows.at(-1);
      if (!last) return [];
      const spans = new Map<string, Span[]>();
      for (const span of membersOf.all(pos, last.pos)) {
        const sharing = spans.get(span.conversation_id);
        if (sharing) sharing.push(span);
        else spans.set(span.conversation_id, [span]);
      }
      return rows.map((row): LogEntry => {
        const isFor = ({ joined_seq, left_seq, remaining_seq }: Span) =>
          (remaining_seq ?? joined_seq) <= row.event_seq &&
          (left_seq === null || row.event_seq <= left_seq);
        return {
          pos: row.pos,
          event: toEvent(row),
          to: (spans.get(row.event_conversation_id) ?? [])
            .filter(isFor)
            .map((span) => span.identity_id),
        };
      });
    },

    async head() {
      return Number(lastPos.get() ?? 0);
    },
  };
}
