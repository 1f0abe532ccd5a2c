import { REV, type Tx } from '../driver/transactions';
import { writeEvent } from '../log/event-writer';
import type { PushCorrections } from '../push/push-corrections';
import { sharedConversation } from './conversation-reader';

interface Removal {
  /** The conversation, which the transaction has locked, and the number of who removes it. */
  conversation: string;
  actor: number;
  /** The conversation's, read after the lock. */
  last_seq: number;
}

const MARK =
  'UPDATE conversations SET deleted_at = $2, title = NULL, last_message = NULL WHERE id = $1';
const MARK_GONE = `UPDATE members SET tags = '[]', talks = false,
    gone_rev = CASE WHEN left_seq IS NULL THEN ${REV} ELSE gone_rev END
  WHERE conversation = $1`;
const DROP_FROM_LISTINGS = `DELETE FROM listings l USING members m, conversations c
  WHERE c.id = $1 AND m.conversation = c.id
    AND l.identity = m.identity AND l.activity = c.activity AND l.conversation = c.id`;

/** The one way in which a conversation ends: marked at once, with a last event; its contents are purged afterwards. */
export async function removeConversation(
  tx: Tx,
  corrections: Pick<PushCorrections, 'ended'>,
  { conversation, actor, last_seq }: Removal,
): Promise<void> {
  tx.later(MARK, [conversation, tx.at]);
  tx.later(MARK_GONE, [conversation]);
  tx.later(DROP_FROM_LISTINGS, [conversation]);
  corrections.ended(tx, conversation);
  // Read after the title is gone: this event outlives it.
  const data = { conversation: await sharedConversation(tx, conversation) };
  writeEvent(tx, { conversation, actor, seq: last_seq + 1, type: 'conversation.deleted', data });
}
