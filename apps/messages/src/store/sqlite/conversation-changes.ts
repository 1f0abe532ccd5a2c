import { kindOf } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Store } from '../store';
import { notListed } from '../access-rules';
import type { Access } from './access';
import type { ConversationReader } from './conversation-reader';
import type { ConversationRemover } from './conversation-remover';
import type { EventWriter } from './event-writer';
import type { PushCorrections } from './push-corrections';
import { bytesOf, EVENT_BYTES } from '../../storage/storage';
import type { Quotas } from './quotas';
import type { Sqlite } from './sqlite';

export function createConversationChanges(
  { db, write }: Sqlite,
  {
    access,
    corrections,
    events,
    quotas,
    reader,
    remover,
  }: {
    access: Access;
    corrections: PushCorrections;
    events: EventWriter;
    quotas: Quotas;
    reader: ConversationReader;
    remover: ConversationRemover;
  },
): Pick<Store, 'updateConversation' | 'deleteConversation'> {
  const setTitle = db.prepare('UPDATE conversations SET title = ? WHERE n = ?');
  const setOwn = db.prepare(
    `UPDATE members SET muted = ?, archived = ?, tags = ?, rev = ?
     WHERE conversation = ? AND identity = ?`,
  );

  return {
    async updateConversation({ identity_id, conversation_id, ...wanted }) {
      return write((tx) => {
        const member = access.present(conversation_id, identity_id);
        const { conversation, identity } = member;
        const now = reader.read(member);
        const { title = now.title, muted = now.muted, archived = now.archived } = wanted;
        const { tags = now.tags } = wanted;
        if (title !== now.title) {
          // The agent is told.
          if (access.reach(member) === 'closed') throw notListed();
          quotas.charge(tx, identity_id, EVENT_BYTES + bytesOf(title));
          setTitle.run(title, conversation);
          events.write(tx, {
            conversation,
            actor: identity,
            seq: member.last_seq + 1,
            type: 'conversation.updated',
            data: { conversation: reader.shared(conversation) },
          });
        }
        const own = [Number(muted), Number(archived), JSON.stringify(tags)];
        const ownNow = [Number(now.muted), Number(now.archived), JSON.stringify(now.tags)];
        if (own.some((value, index) => value !== ownNow[index])) {
          setOwn.run(...own, tx.rev, conversation, identity);
        }
        if (muted && !now.muted) corrections.muted(member);
        return reader.read(member);
      });
    },

    async deleteConversation({ identity_id, conversation_id }) {
      return write((tx) => {
        const member = access.present(conversation_id, identity_id);
        if (kindOf(identity_id) !== 'user') {
          throw new AppError('forbidden', 'Only the person can delete a conversation.');
        }
        remover.remove(tx, { ...member, actor: member.identity });
        return {};
      });
    },
  };
}
