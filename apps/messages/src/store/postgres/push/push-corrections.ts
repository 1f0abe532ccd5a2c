import type { PushPlatform } from '@agent-messenger/contracts';
import type { Store } from '../../store';
import { packConversationId, unpackConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/**
 * Finds the notifications that are no longer right, within the transaction that makes them wrong; what is read, edited
 * or deleted is found by the batch that does it.
 */
export interface PushCorrections {
  /** The person has muted the conversation. */
  muted(tx: Tx, member: { conversation: string; identity_id: string }): void;
  /** The conversation was deleted. */
  ended(tx: Tx, conversation: string): void;
}

interface StaleRow {
  user_id: string;
  device_id: string;
  conversation: string;
  platform: PushPlatform;
}

const LIST = `SELECT k.user_id, k.device_id, k.conversation, p.platform
  FROM push_marks k JOIN push_tokens p ON p.user_id = k.user_id AND p.device_id = k.device_id
  WHERE k.stale = 1 LIMIT $1`;
const QUEUED = `WITH held AS (
    SELECT k.user_id, k.device_id, k.conversation FROM push_marks k
    JOIN unnest($1::text[], $2::text[], $3::uuid[]) j (user_id, device_id, conversation)
      ON k.user_id = j.user_id AND k.device_id = j.device_id AND k.conversation = j.conversation
    WHERE k.stale = 1 ORDER BY k.user_id, k.device_id, k.conversation FOR NO KEY UPDATE OF k)
  UPDATE push_marks k SET stale = 2 FROM held
  WHERE k.user_id = held.user_id AND k.device_id = held.device_id AND k.conversation = held.conversation`;

export function createPushCorrections({
  read,
  write,
}: Postgres): PushCorrections & { calls: Pick<Store, 'stalePushes' | 'correctionsQueued'> } {
  return {
    muted(tx, { conversation, identity_id }) {
      tx.later(
        'UPDATE push_marks SET stale = 1 WHERE conversation = $1 AND user_id = $2 AND shown_seq > 0',
        [conversation, identity_id],
      );
    },
    ended(tx, conversation) {
      tx.later('UPDATE push_marks SET stale = 1 WHERE conversation = $1 AND shown_seq > 0', [
        conversation,
      ]);
    },
    calls: {
      async stalePushes(limit) {
        const rows = await read((tx) => tx.all<StaleRow>(LIST, [limit]));
        return rows.map(({ platform, conversation, ...device }) => ({
          platform,
          job: { ...device, conversation_id: unpackConversationId(conversation) },
        }));
      },
      async correctionsQueued(jobs) {
        await write((tx) =>
          tx.run(QUEUED, [
            jobs.map(({ user_id }) => user_id),
            jobs.map(({ device_id }) => device_id),
            jobs.map(({ conversation_id }) => packConversationId(conversation_id)),
          ]),
        );
      },
    },
  };
}
