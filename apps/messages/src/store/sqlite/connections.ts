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
import type { Access } from './access';
import type { Credentials } from './credentials';
import type { Places } from './places';
import type { Sessions } from './sessions';
import type { Sqlite } from './sqlite';

export function createConnections(
  { db, logId, write }: Sqlite,
  {
    access,
    credentials,
    places,
    sessions,
  }: {
    access: Access;
    credentials: Credentials;
    places: Places;
    sessions: Pick<Sessions, 'noteConnect'>;
  },
): ConnectionCalls {
  const raise = db.prepare('UPDATE identities SET epoch = ?, last_connected_at = ? WHERE id = ?');
  // Former members included: their last events are still on the way to them.
  const pendingPage = db.prepare<[string, string, string, number], Pending>(
    `SELECT c.id AS conversation_id, m.delivered_seq, min(coalesce(m.left_seq, c.last_seq), c.last_seq) AS last_seq
     FROM members m JOIN conversations c ON c.n = m.conversation
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.pending = 1
       AND m.conversation > ifnull((SELECT n FROM conversations WHERE id = ?), 0)
       AND coalesce(m.left_at, c.deleted_at, '9999') >= ?
       AND (m.left_seq IS NULL OR c.deleted_at IS NULL)
       AND m.delivered_seq < min(coalesce(m.left_seq, c.last_seq), c.last_seq)
     ORDER BY m.conversation LIMIT ?`,
  );
  const recent = db.prepare<[string], { id: string; at: string | null }>(
    `SELECT i.id, i.last_connected_at AS at FROM (
         SELECT conversation, message_pos FROM members
         WHERE identity = (SELECT n FROM identities WHERE id = ?) AND message_pos IS NOT NULL
         ORDER BY message_pos DESC LIMIT ${RECENT_CONVERSATIONS}) m
       CROSS JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
       CROSS JOIN identities i ON i.n = o.identity
       ORDER BY m.message_pos DESC`,
  );
  // One pass over the person's conversations, however many ids are asked for.
  const sharing = db
    .prepare<[string, string], string>(
      `SELECT DISTINCT i.id FROM members m
       CROSS JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
         AND o.identity IN (SELECT n FROM identities WHERE id IN (SELECT value FROM json_each(?)))
       CROSS JOIN conversations c ON c.n = m.conversation AND c.deleted_at IS NULL
       CROSS JOIN identities i ON i.n = o.identity
       WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.left_seq IS NULL`,
    )
    .pluck();
  const share = db.prepare<[string, string]>(
    `SELECT 1 FROM members m
     CROSS JOIN members o ON o.conversation = m.conversation AND o.left_seq IS NULL
       AND o.identity = (SELECT n FROM identities WHERE id = ?)
     CROSS JOIN conversations c ON c.n = m.conversation AND c.deleted_at IS NULL
     WHERE m.identity = (SELECT n FROM identities WHERE id = ?) AND m.left_seq IS NULL LIMIT 1`,
  );
  const talks = db.prepare<[string], number>('SELECT talks FROM identities WHERE id = ?').pluck();
  const lastConnectedAt = db
    .prepare<[string], string | null>('SELECT last_connected_at FROM identities WHERE id = ?')
    .pluck();

  function listPending(identityId: string, limit: number, after: string) {
    const pending = pendingPage.all(identityId, after, access.formerSince(), limit + 1);
    const { taken, next_cursor } = cutPage(pending, limit, (last) => ({
      after: last.conversation_id,
    }));
    return { pending: taken, next_cursor };
  }

  /** Of the other kind, the most recently active first. */
  function recentCounterparts(identityId: string, most: number) {
    const own = kindOf(identityId);
    const found = new Map<string, string | null>();
    for (const { id, at } of most === 0 ? [] : recent.iterate(identityId)) {
      if (kindOf(id) !== own) found.set(id, at);
      if (found.size === most) break;
    }
    return listed([...found].map(([id, at]) => ({ id, at })));
  }

  return {
    async authorize({ identity_id, credential_id }) {
      return { epoch: credentials.check(identity_id, credential_id) };
    },

    async checkCredentials(request) {
      const invalid = request.credentials.filter(
        ({ identity_id, credential_id }) => !credentials.isValid(identity_id, credential_id),
      );
      return { invalid: invalid.map(({ credential_id }) => credential_id) };
    },

    async connect({ identity_id, credential_id, epoch, counterparts }) {
      const raised = write((tx) => {
        if (epoch <= credentials.check(identity_id, credential_id)) {
          throw new AppError('replaced', 'A newer connection of this identity has taken over.');
        }
        raise.run(epoch, tx.at, identity_id);
        if (kindOf(identity_id) === 'user') sessions.noteConnect(tx, identity_id, credential_id);
      });
      await Promise.all([raised, counterparts > 0 && places.settle(identity_id)]);
      return {
        log_id: logId,
        ...listPending(identity_id, PENDING_PAGE, ''),
        ...recentCounterparts(identity_id, counterparts),
      };
    },

    async listPending({ identity_id, limit, cursor }) {
      const after = afterOf(cursor);
      return listPending(identity_id, limit, after);
    },

    async countConversations({ identity_id }) {
      return { conversations: Math.min(talks.get(identity_id) ?? 0, MOST_COUNTED_CONVERSATIONS) };
    },

    async counterparts({ identity_id, ids }) {
      const others = [...new Set(ids)].filter((id) => id !== identity_id);
      if (kindOf(identity_id) === 'user') {
        const known = new Set(sharing.all(JSON.stringify(others), identity_id));
        return { ids: others.filter((id) => known.has(id)) };
      }
      // An agent may have a conversation with everybody, a person has few: look from the person's side.
      return { ids: others.filter((person) => share.get(identity_id, person) !== undefined) };
    },

    async lastConnected({ ids }) {
      const times = ids.map((id) => [id, lastConnectedAt.get(id)] as const);
      return {
        at: Object.fromEntries(
          times.filter((pair): pair is readonly [string, string] => typeof pair[1] === 'string'),
        ),
      };
    },
  };
}
