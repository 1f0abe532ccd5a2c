import type { Event } from '@agent-messenger/contracts';
import { packTime, type Packed } from './packed';
import { numberOf } from '../message-rows';
import type { Places } from './places';
import type { RecentEntries } from './recent-entries';
import type { Sqlite, Transaction } from './sqlite';

/** What the row of a `message.created` has besides: the message. */
export interface NewMessageColumns {
  id: Packed;
  client_id: Packed;
  digest: Buffer;
  content: string;
  metadata: string | null;
  reply_to: Packed | null;
  state: string | null;
  error: string | null;
  actions: string | null;
  actions_expire_at: string | null;
}

type NewEvent = EventFields & (NewMessage | { type: Exclude<Event['type'], 'message.created'> });

interface NewMessage {
  type: 'message.created';
  message: NewMessageColumns;
  /** Who is in the conversation: ids. */
  members: readonly string[];
}

interface EventFields {
  /** Numbers of the conversation and of who did it. */
  conversation: number;
  actor: number;
  /** The conversation's last_seq + 1, read in the same transaction. */
  seq: number;
  /** Seq of the message that it changes; what that says is read by join, as it is then. */
  about?: number | undefined;
  /** What else the event carries, as it was at the commit. */
  data?: object | undefined;
}

/** The one way into the log: the event, the conversation's end and its place in its members' listings go together. */
export interface EventWriter {
  /** @returns where the log has it */
  write(tx: Transaction, event: NewEvent): number;
}

export function createEventWriter(
  { db, nextPos }: Pick<Sqlite, 'db' | 'nextPos'>,
  {
    places,
    recent,
  }: { places: Pick<Places, 'note'>; recent: Pick<RecentEntries, 'invalidate' | 'moveHead'> },
): EventWriter {
  const insert = db.prepare(
    'INSERT INTO log (pos, conversation, seq, type, actor, at, about, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertMessage = db.prepare(
    `INSERT INTO log (pos, conversation, seq, type, actor, at, id, client_id, digest, content, metadata, reply_to, state, error,
       actions, actions_expire_at, counts)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const advance = db.prepare('UPDATE conversations SET last_seq = ?, rev = ? WHERE n = ?');
  const advanceByMessage = db.prepare(
    'UPDATE conversations SET last_seq = @seq, last_message = @seq, rev = @rev WHERE n = @conversation',
  );
  const setPlace = db.prepare('UPDATE members SET message_pos = ? WHERE conversation = ?');
  const setPending = db.prepare(
    'UPDATE members SET pending = 1 WHERE conversation = ? AND left_seq IS NULL AND pending = 0',
  );

  function add(pos: number, at: string, event: NewEvent) {
    const { conversation, seq, type, actor, about, data } = event;
    const columns = [pos, conversation, seq, numberOf(type), actor, packTime(at)];
    if (event.type !== 'message.created') {
      const json = data === undefined ? null : JSON.stringify(data);
      return insert.run(...columns, about ?? null, json);
    }
    const { id, client_id, digest, content, metadata, reply_to, state, error } = event.message;
    const { actions, actions_expire_at } = event.message;
    return insertMessage.run(
      ...columns,
      ...[id, client_id, digest, content, metadata, reply_to, state, error],
      ...[actions, actions_expire_at, actor],
    );
  }

  return {
    write({ at, rev }, event) {
      const { conversation, seq, type } = event;
      const pos = nextPos();
      recent.moveHead(pos);
      add(pos, at, event);
      if (event.type === 'message.created') {
        advanceByMessage.run({ seq, rev, conversation });
        places.note(conversation, event.members);
      } else {
        recent.invalidate();
        advance.run(seq, rev, conversation);
        if (type === 'conversation.created') setPlace.run(pos, conversation);
      }
      setPending.run(conversation);
      return pos;
    },
  };
}
