import { withoutReactedMessage, type Event } from '@agent-messenger/contracts';
import { createListEvents } from '../../list-events';
import { fence, firstSeqFor, lastSeqFor } from '../../access-rules';
import { PAGE_BYTES, takePage } from '../../pages';
import type { Store } from '../../store';
import { suspectOf } from '../append/attempts';
import type { Postgres } from '../postgres';
import type { Access } from './access';
import {
  EVENT_SELECT,
  MESSAGE_SELECT,
  toEvent,
  toStoredMessage,
  type EventRow,
  type StoredMessage,
} from './rows';
import { withinBytes } from './within-bytes';

const EVENTS_AFTER = withinBytes(
  `${EVENT_SELECT} WHERE e.conversation = $1 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq LIMIT $4`,
  { order: 'event_seq', maxBytes: '$5' },
);
const messages = (order: 'ASC' | 'DESC') =>
  withinBytes(
    `${MESSAGE_SELECT}
     WHERE x.conversation = $1 AND x.seq > $2 AND x.seq < $3 AND x.id IS NOT NULL ORDER BY x.seq ${order} LIMIT $4`,
    { order: `seq ${order}`, maxBytes: '$5' },
  );
const MESSAGES = { up: messages('ASC'), down: messages('DESC') };

/** The log of a conversation, for its members. */
export function createLog(
  { logId, read }: Postgres,
  access: Access,
): Pick<Store, 'readLog' | 'listEvents' | 'listMessages'> {
  const calls: ReturnType<typeof createLog> = {
    async readLog({ identity_id, epoch, conversation_id, after_seq, limit, max_bytes, compact }) {
      return read(async (tx) => {
        const member = await access.reader(tx, conversation_id, identity_id);
        fence(member, epoch);
        const after = Math.max(after_seq ?? member.delivered_seq, firstSeqFor(member) - 1);
        const last_seq = lastSeqFor(member);
        const maxBytes = Math.min(max_bytes ?? PAGE_BYTES, PAGE_BYTES);
        const [suspect, found] = await Promise.all([
          after_seq === null ? suspectOf(tx, member) : undefined,
          tx.all<EventRow>(EVENTS_AFTER, [
            ...[member.conversation, after, last_seq],
            ...[limit + 1, maxBytes],
          ]),
        ]);
        const make = (row: EventRow): Event =>
          compact ? withoutReactedMessage(toEvent(row)) : toEvent(row);
        const { taken, last, more } = takePage(found, make, { limit, maxBytes });
        return {
          events: taken,
          // What was left out by the database is not among what was found.
          has_more: more || (last !== undefined && last.event_seq < last_seq),
          last_seq,
          log_id: logId(),
          after_seq: after,
          ...(suspect && { suspect }),
        };
      });
    },

    listEvents: createListEvents((request) => calls.readLog(request)),

    async listMessages({ identity_id, conversation_id, before_seq, after_seq, limit }) {
      return read(async (tx) => {
        const member = await access.present(tx, conversation_id, identity_id);
        const { conversation, joined_seq, last_seq } = member;
        const from = Math.max(after_seq ?? 0, joined_seq - 1);
        const to = before_seq ?? last_seq + 1;
        const up = after_seq !== undefined;
        const found = await tx.all<StoredMessage & { is_last: boolean }>(
          up ? MESSAGES.up : MESSAGES.down,
          [conversation, from, to, limit + 1, PAGE_BYTES],
        );
        const { taken, last, more } = takePage(found, toStoredMessage, { limit });
        if (!up) taken.reverse();
        const has_more = more || last?.is_last === false;
        return { messages: taken, has_more, last_seq, log_id: logId() };
      });
    },
  };
  return calls;
}
