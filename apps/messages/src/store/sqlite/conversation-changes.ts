import { kindOf } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Store } from '../store';
import type { Access } from './access';
import type { ConversationReader } from './conversation-reader';
import type { ConversationRemover } from './conversation-remover';
import type { EventWriter } from './event-writer';
import type { Sqlite } from './sqlite';

export function createConversationChanges(
  { db, write }: Sqlite,
  {
    access,
    events,
    reader,
    remover,
  }: {
    access: Access;
    events: EventWriter;
    reader: ConversationReader;
    remover: ConversationRemover;
  },
): Pick<Store, 'updateConversation' | 'deleteConversation'> {
  const setTitle = db.prepare('UPDATE conversations SET title = ? WHERE id = ?');
  const setOwn = db.prepare(
    `UPDATE members SET muted = ?, archived = ?, tags = ?, rev = ?
     WHERE conversation_id = ? AND identity_id = ?`,
  );

  return {
    async updateConversation({ identity_id, conversation_id, ...wanted }) {
      return write((tx) => {
        const { last_seq } = access.present(conversation_id, identity_id);
        const now = reader.read(conversation_id, identity_id);
        const { title = now.title, muted = now.muted, archived = now.archived } = wanted;
        const { tags = now.tags } = wanted;
        if (title !== now.title) {
          setTitle.run(title, conversation_id);
          events.write(tx, {
            conversation_id,
            seq: last_seq + 1,
            type: 'conversation.updated',
            actor_id: identity_id,
            data: { conversation: reader.shared(conversation_id) },
          });
        }
        const own = [Number(muted), Number(archived), JSON.stringify(tags)];
        const ownNow = [Number(now.muted), Number(now.archived), JSON.stringify(now.tags)];
        if (own.some((value, index) => value !== ownNow[index])) {
          setOwn.run(...own, tx.rev, conversation_id, identity_id);
        }
        return reader.read(conversation_id, identity_id);
      });
    },

    async deleteConversation({ identity_id, conversation_id }) {
      return write((tx) => {
        const { last_seq } = access.present(conversation_id, identity_id);
        if (kindOf(identity_id) !== 'user') {
          throw new AppError('forbidden', 'Only the person can delete a conversation.');
        }
        remover.remove(tx, { conversation_id, last_seq, actor_id: identity_id });
        return {};
      });
    },
  };
}
