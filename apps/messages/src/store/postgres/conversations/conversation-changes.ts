import { kindOf } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { bytesOf, EVENT_BYTES } from '../../../storage/storage';
import { notListed } from '../../access-rules';
import type { Store } from '../../store';
import { REV, type Tx } from '../driver/transactions';
import type { Access, Membership } from '../log/access';
import { writeEvent } from '../log/event-writer';
import type { Postgres } from '../postgres';
import type { PushCorrections } from '../push/push-corrections';
import type { Quotas } from '../quotas';
import { readConversation, sharedConversation } from './conversation-reader';
import { removeConversation } from './remove-conversation';

interface ConversationChangesParts {
  access: Access;
  corrections: PushCorrections;
  quotas: Quotas;
}

const SET_OWN = `UPDATE members SET muted = $3, archived = $4, tags = $5, rev = ${REV}
  WHERE conversation = $1 AND identity = $2`;

export function createConversationChanges(
  { write }: Postgres,
  { access, corrections, quotas }: ConversationChangesParts,
): Pick<Store, 'updateConversation' | 'deleteConversation'> {
  async function rename(tx: Tx, member: Membership, title: string | null): Promise<void> {
    // The agent is told.
    if ((await access.reach(tx, member)) === 'closed') throw notListed();
    const { conversation, identity: actor } = member;
    await quotas.charge(tx, member.identity_id, EVENT_BYTES + bytesOf(title));
    tx.later('UPDATE conversations SET title = $2 WHERE id = $1', [conversation, title]);
    const data = { conversation: await sharedConversation(tx, conversation) };
    const seq = member.last_seq + 1;
    writeEvent(tx, { conversation, actor, seq, type: 'conversation.updated', data });
  }

  return {
    async updateConversation({ identity_id, conversation_id, ...wanted }) {
      return write(async (tx) => {
        const member = await access.locked(tx, conversation_id, identity_id);
        const { conversation, identity } = member;
        const now = await readConversation(tx, member);
        const { title = now.title, muted = now.muted, archived = now.archived } = wanted;
        const { tags = now.tags } = wanted;
        if (title !== now.title) await rename(tx, member, title);
        const own = JSON.stringify([muted, archived, tags]);
        if (own !== JSON.stringify([now.muted, now.archived, now.tags])) {
          tx.later(SET_OWN, [conversation, identity, muted, archived, JSON.stringify(tags)]);
        }
        if (muted && !now.muted) corrections.muted(tx, member);
        return readConversation(tx, member);
      });
    },

    async deleteConversation({ identity_id, conversation_id }) {
      return write(async (tx) => {
        const member = await access.locked(tx, conversation_id, identity_id);
        if (kindOf(identity_id) !== 'user') {
          throw new AppError('forbidden', 'Only the person can delete a conversation.');
        }
        await removeConversation(tx, corrections, { ...member, actor: member.identity });
        return {};
      });
    },
  };
}
