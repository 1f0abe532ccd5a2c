import { kindOf, type Actor, type Event, type Message } from '@agent-messenger/contracts';

export interface MessageRow {
  id: string;
  conversation_id: string;
  seq: number;
  updated_seq: number;
  sender_id: string;
  client_id: string;
  content: string | null;
  metadata: string | null;
  reply_to: string | null;
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  state: 'interrupted' | 'failed' | null;
  /** Message['reactions'] as JSON: they are read with every message, and written rarely. */
  reactions: string;
}

/** Columns of a MessageRow, of `messages AS x`. */
export const MESSAGE_COLUMNS = `x.id, x.conversation_id, x.seq, x.updated_seq, x.sender_id, x.client_id, x.content,
  x.metadata, x.reply_to, x.created_at, x.edited_at, x.deleted_at, x.state, x.reactions`;

export interface EventRow extends Omit<MessageRow, 'id'> {
  /** The message's; null for events without one, whose other message columns are null too. */
  id: string | null;
  pos: number;
  event_conversation_id: string;
  event_seq: number;
  type: string;
  actor_id: string;
  at: string;
  data: string | null;
}

/** An EventRow of `events AS e`: the message comes by join, as it is now. */
export const EVENT_SELECT = `SELECT e.pos, e.conversation_id AS event_conversation_id, e.seq AS event_seq, e.type,
  e.actor_id, e.at, e.data, ${MESSAGE_COLUMNS} FROM events e LEFT JOIN messages x ON x.id = e.message_id`;

export function toActor(id: string): Actor {
  return { kind: kindOf(id), id: id as Actor['id'] };
}

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    conversation_id: row.conversation_id,
    seq: row.seq,
    updated_seq: row.updated_seq,
    sender: toActor(row.sender_id),
    client_id: row.client_id,
    content: row.content,
    ...(row.metadata !== null && { metadata: JSON.parse(row.metadata) as Message['metadata'] }),
    ...(row.reply_to !== null && { reply_to: row.reply_to }),
    reactions: JSON.parse(row.reactions) as Message['reactions'],
    created_at: row.created_at,
    ...(row.edited_at !== null && { edited_at: row.edited_at }),
    ...(row.deleted_at !== null && { deleted_at: row.deleted_at }),
    ...(row.state !== null && { state: row.state }),
  };
}

export function toEvent(row: EventRow): Event {
  // What an event of a type carries was decided when it was written.
  return {
    conversation_id: row.event_conversation_id,
    seq: row.event_seq,
    type: row.type,
    actor: toActor(row.actor_id),
    at: row.at,
    ...(row.data !== null && (JSON.parse(row.data) as object)),
    ...(row.id !== null && { message: toMessage({ ...row, id: row.id }) }),
  } as Event;
}

/** About how much content one page carries at most: 200 of the largest messages would be 13 MB. */
const PAGE_BYTES = 1024 * 1024;

/** Takes rows until the page is full by count or by bytes; `more` when a row was left over. */
export function takePage<
  R extends { content: string | null; metadata: string | null; reactions: string | null },
>(rows: Iterable<R>, limit: number, maxBytes = PAGE_BYTES): { rows: R[]; more: boolean } {
  const taken: R[] = [];
  const bound = Math.min(maxBytes, PAGE_BYTES);
  let bytes = 0;
  for (const row of rows) {
    if (taken.length === limit || bytes >= bound) return { rows: taken, more: true };
    for (const text of [row.content, row.metadata, row.reactions]) {
      bytes += Buffer.byteLength(text ?? '');
    }
    taken.push(row);
  }
  return { rows: taken, more: false };
}
