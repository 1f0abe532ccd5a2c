import type { Event } from '@agent-messenger/contracts';
import { numberOf } from '../../message-rows';
import { ACTIVITY, REV, type Tx } from '../driver/transactions';
import { packTime } from './rows';

interface NewEvent {
  /** The conversation, which the transaction has locked, and who did it. */
  conversation: string;
  actor: number;
  /** The conversation's last_seq + 1, read after the lock. */
  seq: number;
  type: Exclude<Event['type'], 'message.created'>;
  /** What the event carries, as it was at the commit. */
  data: object;
}

const LIST = `INSERT INTO listings (identity, activity, conversation)
  SELECT m.identity, c.activity, c.id FROM members m JOIN conversations c ON c.id = m.conversation
  WHERE c.id = $1 AND m.left_seq IS NULL`;
const SET_PENDING = `INSERT INTO pending (identity, conversation)
  SELECT identity, conversation FROM members WHERE conversation = $1 AND left_seq IS NULL ON CONFLICT DO NOTHING`;

/**
 * Puts one event into the log that is no message's and changes none: the event, the conversation's end and its place in
 * its members' listings move together. Messages and what changes them are appended in batches.
 */
export function writeEvent(tx: Tx, { conversation, actor, seq, type, data }: NewEvent): void {
  tx.later(
    'INSERT INTO log (conversation, seq, type, actor, at, data) VALUES ($1, $2, $3, $4, $5, $6)',
    [conversation, seq, numberOf(type), actor, packTime(tx.at), JSON.stringify(data)],
  );
  tx.later(`UPDATE conversations SET last_seq = $2, rev = ${REV} WHERE id = $1`, [
    conversation,
    seq,
  ]);
  if (type === 'conversation.created') {
    tx.later(`UPDATE conversations SET activity = ${ACTIVITY} WHERE id = $1`, [conversation]);
    tx.later(LIST, [conversation]);
  }
  tx.later(SET_PENDING, [conversation]);
  tx.wrote.push({ conversation, first: seq, last: seq });
}
