import type { Event } from '@agent-messenger/contracts';
import { EVENT_TYPES, toActor, toMessage, type MessageRow as MessageFields } from '../message-rows';
import { unpackMessageId, unpackTime, unpackUuid, type Packed } from './packed';

/** A message, and where the log has it. */
export interface MessageRow extends MessageFields {
  pos: number;
}

type Times = 'created_at' | 'edited_at' | 'deleted_at';
/** A message as the log has it. */
export interface StoredMessage extends Omit<
  MessageRow,
  Times | 'id' | 'client_id' | 'reply_to' | 'updated_seq' | 'reactions'
> {
  id: Packed;
  client_id: Packed;
  reply_to: Packed | null;
  updated_seq: number | null;
  created_at: number;
  edited_at: number | null;
  deleted_at: number | null;
  reactions: string | null;
}

const MESSAGE_COLUMNS = `x.pos, x.id, x.seq, x.updated_seq, s.id AS sender_id, x.client_id, x.content, x.metadata,
  x.reply_to, x.at AS created_at, x.edited_at, x.deleted_at, x.state, x.error, x.actions, x.actions_expire_at, x.choice,
  x.reactions`;

/**
 * StoredMessages of `log AS x` in `conversations AS c`, with their digest; ends before WHERE, which has to leave out
 * what is no message.
 */
export const MESSAGE_SELECT = `SELECT ${MESSAGE_COLUMNS}, x.digest, c.id AS conversation_id
  FROM log x JOIN conversations c ON c.n = x.conversation JOIN identities s ON s.n = x.actor`;

export function unpackMessage(stored: StoredMessage): MessageRow {
  const { reply_to, updated_seq, edited_at, deleted_at, reactions } = stored;
  return {
    ...stored,
    id: unpackMessageId(stored.id),
    client_id: unpackUuid(stored.client_id),
    reply_to: reply_to === null ? null : unpackMessageId(reply_to),
    updated_seq: updated_seq ?? stored.seq,
    created_at: unpackTime(stored.created_at),
    edited_at: edited_at === null ? null : unpackTime(edited_at),
    deleted_at: deleted_at === null ? null : unpackTime(deleted_at),
    reactions: reactions ?? '[]',
  };
}

/** Without a message its columns are null. */
export interface EventRow extends Omit<StoredMessage, 'id'> {
  id: Packed | null;
  event_pos: number;
  event_seq: number;
  type: number;
  actor_id: string;
  at: number;
  data: string | null;
}

/** An EventRow of `log AS e` in `conversations AS c`: the message comes by join, as it is now. */
export const EVENT_SELECT = `SELECT e.pos AS event_pos, c.id AS conversation_id, e.seq AS event_seq, e.type,
    a.id AS actor_id, e.at, e.data, ${MESSAGE_COLUMNS}
  FROM log e
  JOIN conversations c ON c.n = e.conversation
  JOIN identities a ON a.n = e.actor
  LEFT JOIN log x ON x.conversation = e.conversation AND x.seq = ifnull(e.about, e.seq) AND x.id IS NOT NULL
  LEFT JOIN identities s ON s.n = x.actor`;

export function toEvent(row: EventRow): Event {
  // What an event of a type carries was decided when it was written.
  return {
    conversation_id: row.conversation_id,
    seq: row.event_seq,
    type: EVENT_TYPES[row.type],
    actor: toActor(row.actor_id),
    at: unpackTime(row.at),
    ...(row.data !== null && (JSON.parse(row.data) as object)),
    ...(row.id !== null && { message: toMessage(unpackMessage({ ...row, id: row.id })) }),
  } as Event;
}
