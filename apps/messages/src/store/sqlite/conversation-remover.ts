import type { ConversationReader } from './conversation-reader';
import type { EventWriter } from './event-writer';
import type { Sqlite, Transaction } from './sqlite';

interface Removal {
  conversation_id: string;
  /** The conversation's, read in the same transaction. */
  last_seq: number;
  actor_id: string;
}

/** The one way in which a conversation ends: marked at once, with a last event; its contents are purged afterwards. */
export interface ConversationRemover {
  remove(tx: Transaction, removal: Removal): void;
}

export function createConversationRemover(
  { db }: Sqlite,
  { events, reader }: { events: EventWriter; reader: ConversationReader },
): ConversationRemover {
  const markDeleted = db.prepare(
    'UPDATE conversations SET deleted_at = ?, title = NULL, last_message_id = NULL WHERE id = ?',
  );
  const dropTags = db.prepare("UPDATE members SET tags = '[]' WHERE conversation_id = ?");
  return {
    remove(tx, { conversation_id, last_seq, actor_id }) {
      markDeleted.run(tx.at, conversation_id);
      dropTags.run(conversation_id);
      events.write(tx, {
        conversation_id,
        seq: last_seq + 1,
        type: 'conversation.deleted',
        actor_id,
        // Read after the title is gone: this event outlives it.
        data: { conversation: reader.shared(conversation_id) },
      });
    },
  };
}
