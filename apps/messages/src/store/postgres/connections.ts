import { kindOf, MOST_COUNTED_CONVERSATIONS, type Pending } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import {
  listed,
  PENDING_PAGE,
  RECENT_CONVERSATIONS,
  type ConnectionCalls,
} from '../connection-rules';
import { afterOf } from '../cursors';
import { cutPage } from '../pages';
import type { Credentials } from './accounts/credentials';
import type { Sessions } from './accounts/sessions';
import { packConversationId, unpackConversationId } from './driver/ids';
import type { Tx } from './driver/transactions';
import type { Access } from './log/access';
import type { Postgres } from './postgres';

/** Before every conversation's. */
const FIRST = '00000000-0000-0000-0000-000000000000';

const IDENTITY = '(SELECT n FROM identities WHERE id = $1)';
// No batch of its sends is under way that has read the epoch from before.
const LOCK = 'SELECT 1 FROM identities WHERE id = $1 FOR UPDATE';
// Former members included: their last events are still on the way to them.
const PENDING = `SELECT m.conversation, m.delivered_seq, least(coalesce(m.left_seq, c.last_seq), c.last_seq) AS last_seq
  FROM pending p
  JOIN members m ON m.conversation = p.conversation AND m.identity = p.identity
  JOIN conversations c ON c.id = p.conversation
  WHERE p.identity = ${IDENTITY} AND p.conversation > $2
    AND coalesce(m.left_at, c.deleted_at, '9999') >= $3
    AND (m.left_seq IS NULL OR c.deleted_at IS NULL)
  ORDER BY p.conversation LIMIT $4`;
const RECENT = `SELECT i.id, i.last_connected_at AS at FROM (
    SELECT conversation, activity FROM listings WHERE identity = ${IDENTITY}
    ORDER BY activity DESC LIMIT ${RECENT_CONVERSATIONS}) m
  JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
  JOIN identities i ON i.n = o.identity AND i.kind <> $2
  GROUP BY i.id, i.last_connected_at ORDER BY max(m.activity) DESC LIMIT $3`;
// One pass over the person's conversations, however many ids are asked for.
const SHARING = `SELECT DISTINCT i.id FROM listings m
  JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
  JOIN identities i ON i.n = o.identity AND i.id = ANY ($2)
  WHERE m.identity = ${IDENTITY}`;
/** An agent may have a conversation with everybody, a person has few: looked at from the person's side. */
const SHARED_BY_PEOPLE = `SELECT p.id FROM identities p WHERE p.id = ANY ($2) AND EXISTS (
    SELECT 1 FROM listings m JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
      AND o.identity = ${IDENTITY}
    WHERE m.identity = p.n)`;
const TALKS = `SELECT count(*) AS count FROM (
  SELECT 1 FROM members WHERE identity = ${IDENTITY} AND talks LIMIT ${MOST_COUNTED_CONVERSATIONS}) talks`;

export function createConnections(
  { logId, read, write }: Postgres,
  {
    access,
    credentials,
    sessions,
  }: {
    access: Access;
    credentials: Credentials;
    sessions: Pick<Sessions, 'lastUse' | 'noteConnect'>;
  },
): ConnectionCalls {
  async function pendingOf(tx: Tx, identityId: string, limit: number, after: string) {
    const values = [
      identityId,
      packConversationId(after) ?? FIRST,
      access.formerSince(),
      limit + 1,
    ];
    const rows = await tx.all<Omit<Pending, 'conversation_id'> & { conversation: string }>(
      PENDING,
      values,
    );
    const pending = rows.map(({ conversation, ...positions }) => ({
      conversation_id: unpackConversationId(conversation),
      ...positions,
    }));
    const { taken, next_cursor } = cutPage(pending, limit, (last) => ({
      after: last.conversation_id,
    }));
    return { pending: taken, next_cursor };
  }

  /** Of the other kind, the most recently active first. */
  async function recentCounterparts(tx: Tx, identityId: string, most: number) {
    if (most === 0) return listed([]);
    const values = [identityId, kindOf(identityId), most];
    return listed(await tx.all<{ id: string; at: string | null }>(RECENT, values));
  }

  return {
    async authorize({ identity_id, credential_id }) {
      return read(async (tx) => ({
        epoch: await credentials.check(tx, identity_id, credential_id),
      }));
    },

    async checkCredentials(request) {
      return read(async (tx) => {
        const checked = await Promise.all(
          request.credentials.map(async ({ identity_id, credential_id }) => ({
            credential_id,
            isValid: await credentials.isValid(tx, identity_id, credential_id),
          })),
        );
        const invalid = checked.filter(({ isValid }) => !isValid);
        return { invalid: invalid.map(({ credential_id }) => credential_id) };
      });
    },

    async connect({ identity_id, credential_id, epoch, counterparts }) {
      await write(async (tx) => {
        tx.later(LOCK, [identity_id]);
        const isPerson = kindOf(identity_id) === 'user';
        const [before, use] = await Promise.all([
          credentials.check(tx, identity_id, credential_id),
          isPerson ? sessions.lastUse(tx, identity_id, credential_id) : undefined,
        ]);
        if (epoch <= before) {
          throw new AppError('replaced', 'A newer connection of this identity has taken over.');
        }
        tx.later('UPDATE identities SET epoch = $2, last_connected_at = $3 WHERE id = $1', [
          ...[identity_id, epoch, tx.at],
        ]);
        if (use) sessions.noteConnect(tx, credential_id, use);
      });
      // After the commit: what was sent before a lease was taken is not missed.
      return read(async (tx) => {
        const [pending, recent] = await Promise.all([
          pendingOf(tx, identity_id, PENDING_PAGE, ''),
          recentCounterparts(tx, identity_id, counterparts),
        ]);
        return { log_id: logId(), ...pending, ...recent };
      });
    },

    async listPending({ identity_id, limit, cursor }) {
      const after = afterOf(cursor);
      return read((tx) => pendingOf(tx, identity_id, limit, after));
    },

    async countConversations({ identity_id }) {
      const found = await read((tx) => tx.get<{ count: number }>(TALKS, [identity_id]));
      return { conversations: found?.count ?? 0 };
    },

    async counterparts({ identity_id, ids }) {
      const others = [...new Set(ids)].filter((id) => id !== identity_id);
      const sql = kindOf(identity_id) === 'user' ? SHARING : SHARED_BY_PEOPLE;
      const rows = await read((tx) => tx.all<{ id: string }>(sql, [identity_id, others]));
      const known = new Set(rows.map(({ id }) => id));
      return { ids: others.filter((id) => known.has(id)) };
    },

    async lastConnected({ ids }) {
      const sql = `SELECT id, last_connected_at AS at FROM identities
        WHERE id = ANY ($1) AND last_connected_at IS NOT NULL`;
      const rows = await read((tx) => tx.all<{ id: string; at: string }>(sql, [ids]));
      return { at: Object.fromEntries(rows.map(({ id, at }) => [id, at])) };
    },
  };
}
