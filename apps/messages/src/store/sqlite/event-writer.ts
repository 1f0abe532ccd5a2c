import type { Event } from '@agent-messenger/contracts';
import type { Sqlite, Transaction } from './sqlite';

interface NewEvent {
  conversation_id: string;
  /** The conversation's last_seq + 1, read in the same transaction. */
  seq: number;
  type: Event['type'];
  actor_id: string;
  /** The message it is about; its text is read by join, as it is then. */
  message_id?: string;
  /** What else the event carries, as it was at the commit. */
  data?: object | undefined;
}

/** The one way into the log: the event and the conversation's end move together. */
export interface EventWriter {
  write(tx: Transaction, event: NewEvent): void;
}

export function createEventWriter({ db }: Pick<Sqlite, 'db'>): EventWriter {
  const insert = db.prepare(
    `INSERT INTO events (conversation_id, seq, type, actor_id, at, message_id, data)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const advance = db.prepare(
    'UPDATE conversations SET last_seq = ?, last_pos = ?, rev = ? WHERE id = ?',
  );
  const advanceWithMessage = db.prepare(
    'UPDATE conversations SET last_seq = ?, last_pos = ?, rev = ?, last_message_id = ? WHERE id = ?',
  );
  return {
    write({ at, rev }, { conversation_id, seq, type, actor_id, message_id, data }) {
      const { lastInsertRowid: pos } = insert.run(
        conversation_id,
        seq,
        type,
        actor_id,
        at,
        message_id ?? null,
        data === undefined ? null : JSON.stringify(data),
      );
      if (type === 'message.created') {
        advanceWithMessage.run(seq, pos, rev, message_id, conversation_id);
      } else {
        advance.run(seq, pos, rev, conversation_id);
      }
    },
  };
}
