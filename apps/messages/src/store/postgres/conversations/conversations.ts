import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { bytesOf, EVENT_BYTES } from '../../../storage/storage';
import { noSuchUser } from '../../no-such-user';
import { digestOf } from '../../send-digest';
import type { Store } from '../../store';
import { noSuchAgent } from '../../no-such-agent';
import { unpackConversationId } from '../driver/ids';
import { REV, type Tx } from '../driver/transactions';
import { isFor, type Access } from '../log/access';
import { writeEvent } from '../log/event-writer';
import type { Postgres } from '../postgres';
import type { Quotas } from '../quotas';
import { membersOf, readConversation, sharedConversation, toShared } from './conversation-reader';

interface ConversationsParts {
  access: Access;
  quotas: Quotas;
  /** Conversations that a person may have at a time. */
  most: number;
}

// Locked for itself: two that are created at once are counted one after the other, and found by their client_id.
const LOCK_USER = `SELECT i.n FROM identities i JOIN users u ON u.id = i.id WHERE i.id = $1 FOR NO KEY UPDATE OF i`;
const BY_CLIENT_ID = `SELECT c.id, c.digest FROM conversations c JOIN identities i ON i.n = c.created_by
  WHERE i.id = $1 AND c.client_id = $2`;
const AGENT = `SELECT a.n FROM agents a WHERE a.id = $1 AND a.deleted_at IS NULL AND ${isFor('$2')}`;
const COUNT =
  'SELECT count(*) AS count FROM conversations WHERE created_by = $1 AND deleted_at IS NULL';
const INSERT = `INSERT INTO conversations (id, title, created_at, created_by, client_id, digest, last_seq, rev)
  VALUES ($1, $2, $3, $4, $5, $6, 0, ${REV})`;
const INSERT_MEMBERS = `INSERT INTO members (conversation, identity, joined_seq, rev)
  SELECT $1, identity, 1, ${REV} FROM unnest($2::bigint[]) identity`;

export function createConversations(
  { digestKey, read, write }: Postgres,
  { access, quotas, most }: ConversationsParts,
): Pick<Store, 'createConversation' | 'getConversation' | 'listMembers'> {
  async function first(tx: Tx, userId: string, clientId: string | undefined, digest: Buffer) {
    if (clientId === undefined) return undefined;
    const found = await tx.get<{ id: string; digest: Buffer }>(BY_CLIENT_ID, [userId, clientId]);
    if (!found) return undefined;
    if (!found.digest.equals(digest)) {
      throw new AppError('conflict', 'This client_id was used for another conversation.');
    }
    return access.present(tx, unpackConversationId(found.id), userId);
  }

  return {
    async createConversation({ user_id, agent_id, title, client_id }) {
      return write(async (tx) => {
        const digest = digestOf(digestKey, [agent_id, title]);
        const user = await tx.get<{ n: number }>(LOCK_USER, [user_id]);
        const before = await first(tx, user_id, client_id, digest);
        if (before) return { conversation: await readConversation(tx, before), created: false };
        if (!user) throw noSuchUser();
        const [agent, own] = await Promise.all([
          tx.get<{ n: number }>(AGENT, [agent_id, user_id]),
          tx.get<{ count: number }>(COUNT, [user.n]),
        ]);
        if (!agent) throw noSuchAgent();
        if ((own?.count ?? 0) >= most) {
          throw new AppError('conflict', `A person has at most ${most} conversations.`);
        }
        await quotas.charge(tx, user_id, EVENT_BYTES + bytesOf(title ?? null));
        const conversation = uuidv7();
        const columns = [conversation, title ?? null, tx.at, user.n, client_id ?? null, digest];
        tx.later(INSERT, columns);
        tx.later(INSERT_MEMBERS, [conversation, [user.n, agent.n]]);
        const data = { conversation: await sharedConversation(tx, conversation) };
        const event = { conversation, actor: user.n, seq: 1, data };
        writeEvent(tx, { ...event, type: 'conversation.created' });
        const member = { conversation, identity: user.n };
        return { conversation: await readConversation(tx, member), created: true };
      });
    },

    async getConversation({ identity_id, conversation_id, compact }) {
      return read(async (tx) =>
        readConversation(tx, await access.present(tx, conversation_id, identity_id), compact),
      );
    },

    async listMembers({ identity_id, conversation_id }) {
      return read(async (tx) => {
        const { conversation } = await access.present(tx, conversation_id, identity_id);
        return { members: (await membersOf(tx, conversation)).map(toShared) };
      });
    },
  };
}
