import type { Event, Message } from '@agent-messenger/contracts';
import { EVENT_TYPES, toActor, toMessage, type MessageRow } from '../../message-rows';
import { unpackConversationId, unpackMessageId } from '../driver/ids';

/** A message as the log has it. */
export interface StoredMessage {
  conversation: string;
  id: string;
  seq: number;
  updated_seq: number | null;
  sender_id: string;
  client_id: string;
  content: string | null;
  metadata: string | null;
  reply_to: string | null;
  created_at: number;
  edited_at: number | null;
  deleted_at: number | null;
  state: MessageRow['state'];
  error: string | null;
  actions: string | null;
  actions_expire_at: string | null;
  choice: string | null;
  reactions: string | null;
}

const MESSAGE_COLUMNS = `x.conversation, x.id, x.seq, x.updated_seq, s.id AS sender_id, x.client_id, x.content,
  x.metadata, x.reply_to, x.at AS created_at, x.edited_at, x.deleted_at, x.state, x.error, x.actions,
  x.actions_expire_at, x.choice, x.reactions`;

/** StoredMessages of `log AS x`; ends before WHERE, which has to leave out what is no message. */
export const MESSAGE_SELECT = `SELECT ${MESSAGE_COLUMNS} FROM log x JOIN identities s ON s.n = x.actor`;

export function unpackMessage(stored: StoredMessage): MessageRow {
  const { conversation, id, reply_to, updated_seq, edited_at, deleted_at, ...rest } = stored;
  return {
    ...rest,
    id: unpackMessageId(id),
    conversation_id: unpackConversationId(conversation),
    reply_to: reply_to === null ? null : unpackMessageId(reply_to),
    updated_seq: updated_seq ?? stored.seq,
    created_at: unpackTime(stored.created_at),
    edited_at: edited_at === null ? null : unpackTime(edited_at),
    deleted_at: deleted_at === null ? null : unpackTime(deleted_at),
    reactions: stored.reactions ?? '[]',
  };
}

export function toStoredMessage(stored: StoredMessage): Message {
  return toMessage(unpackMessage(stored));
}

/** Without a message its columns are null. */
export interface EventRow extends Omit<StoredMessage, 'id'> {
  id: string | null;
  event_conversation: string;
  event_seq: number;
  type: number;
  actor_id: string;
  at: number;
  data: string | null;
}

/** EventRows of `log AS e`, in `conversations AS c` or wherever; the message comes by join, as it is now. */
export const EVENT_SELECT = `SELECT e.conversation AS event_conversation, e.seq AS event_seq, e.type, a.id AS actor_id,
    e.at, e.data, ${MESSAGE_COLUMNS}
  FROM log e
  JOIN identities a ON a.n = e.actor
  LEFT JOIN log x ON x.conversation = e.conversation AND x.seq = coalesce(e.about, e.seq) AND x.id IS NOT NULL
  LEFT JOIN identities s ON s.n = x.actor`;

export function toEvent(row: EventRow): Event {
  // What an event of a type carries was decided when it was written.
  return {
    conversation_id: unpackConversationId(row.event_conversation),
    seq: row.event_seq,
    type: EVENT_TYPES[row.type],
    actor: toActor(row.actor_id),
    at: unpackTime(row.at),
    ...(row.data !== null && (JSON.parse(row.data) as object)),
    ...(row.id !== null && { message: toStoredMessage({ ...row, id: row.id }) }),
  } as Event;
}

/** @param at RFC 3339 in UTC with milliseconds */
export function packTime(at: string): number {
  return Date.parse(at);
}

export function unpackTime(ms: number): string {
  return new Date(ms).toISOString();
}
