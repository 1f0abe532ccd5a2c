import type { ConversationReader } from './conversation-reader';
import type { EventWriter } from './event-writer';
import type { PushCorrections } from './push-corrections';
import type { Sqlite, Transaction } from './sqlite';

interface Removal {
  /** Numbers of the conversation and of who removes it. */
  conversation: number;
  actor: number;
  /** The conversation's, read in the same transaction. */
  last_seq: number;
}

/** The one way in which a conversation ends: marked at once, with a last event; its contents are purged afterwards. */
export interface ConversationRemover {
  remove(tx: Transaction, removal: Removal): void;
}

export function createConversationRemover(
  { db }: Sqlite,
  {
    corrections,
    events,
    reader,
  }: { corrections: PushCorrections; events: EventWriter; reader: ConversationReader },
): ConversationRemover {
  const markDeleted = db.prepare(
    'UPDATE conversations SET deleted_at = ?, title = NULL, last_message = NULL WHERE n = ?',
  );
  const uncountTalk = db.prepare(
    `UPDATE identities SET talks = talks - 1
     WHERE n IN (SELECT m.identity FROM members m JOIN conversations c ON c.n = m.conversation
       WHERE c.n = ? AND c.last_message IS NOT NULL AND m.left_seq IS NULL)`,
  );
  const dropFromListings = db.prepare(
    `UPDATE members SET tags = '[]', message_pos = NULL, rev = iif(left_seq IS NULL, ?, rev)
     WHERE conversation = ?`,
  );
  return {
    remove(tx, { conversation, last_seq, actor }) {
      uncountTalk.run(conversation);
      markDeleted.run(tx.at, conversation);
      dropFromListings.run(tx.rev, conversation);
      corrections.ended(conversation);
      events.write(tx, {
        conversation,
        actor,
        seq: last_seq + 1,
        type: 'conversation.deleted',
        // Read after the title is gone: this event outlives it.
        data: { conversation: reader.shared(conversation) },
      });
    },
  };
}
