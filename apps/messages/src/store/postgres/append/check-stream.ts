import { AppError } from '@agent-messenger/service-kit';
import { agentDeleted, fence } from '../../access-rules';
import { toMessage } from '../../message-rows';
import type { Store } from '../../store';
import { usedElsewhere } from '../../stream-outcomes';
import { membersOf } from '../conversations/conversation-reader';
import { packMessageId } from '../driver/ids';
import type { Access } from '../log/access';
import { MESSAGE_SELECT, unpackMessage, type StoredMessage } from '../log/rows';
import type { Postgres } from '../postgres';

const SENT = `${MESSAGE_SELECT} JOIN sends d ON d.conversation = x.conversation AND d.seq = x.seq
  WHERE d.sender = $1 AND d.client_id = $2`;

/** Whether a stream may begin, or what has become of it. */
export function createCheckStream({ read }: Postgres, access: Access): Pick<Store, 'checkStream'> {
  return {
    async checkStream({ identity_id, epoch, conversation_id, stream_id, reply_to }) {
      return read(async (tx) => {
        const member = await access.present(tx, conversation_id, identity_id);
        fence(member, epoch);
        const { conversation, identity } = member;
        const [members, stored, reach] = await Promise.all([
          membersOf(tx, conversation),
          tx.get<StoredMessage>(SENT, [identity, stream_id]),
          access.reach(tx, member),
        ]);
        const row = stored && unpackMessage(stored);
        if (row && row.conversation_id !== conversation_id) throw usedElsewhere(row);
        if (row) return { message: toMessage(row), members };
        if (reach === 'deleted') throw agentDeleted();
        if (reply_to !== undefined) {
          const sql = 'SELECT 1 FROM log WHERE conversation = $1 AND id = $2';
          if (!(await tx.get(sql, [conversation, packMessageId(reply_to)]))) {
            throw new AppError(
              'invalid_payload',
              'reply_to is not a message of this conversation.',
            );
          }
        }
        return { message: null, members };
      });
    },
  };
}
