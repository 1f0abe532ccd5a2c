import { kindOf, MOST_COUNTED_CONVERSATIONS, type Pending } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { decodeCursor, encodeCursor, idCursorSchema } from '../cursors';
import type { Store } from '../store';
import type { Access } from './access';
import type { Credentials } from './credentials';
import type { Sqlite } from './sqlite';

type Connections = Pick<
  Store,
  | 'authorize'
  | 'checkCredentials'
  | 'connect'
  | 'listPending'
  | 'countConversations'
  | 'counterparts'
  | 'lastConnected'
>;
/** How many undelivered conversations `connect` lists; the rest comes by listPending. */
const PENDING_PAGE = 1_000;

export function createConnections(
  { db, logId, write }: Sqlite,
  { access, credentials }: { access: Access; credentials: Credentials },
): Connections {
  const raise = db.prepare('UPDATE identities SET epoch = ?, last_connected_at = ? WHERE id = ?');
  // Former members included: their last events are still on the way to them.
  const pendingPage = db.prepare<[string, string, string, number], Pending>(
    `SELECT m.conversation_id, m.delivered_seq, min(coalesce(m.left_seq, c.last_seq), c.last_seq) AS last_seq
     FROM members m JOIN conversations c ON c.id = m.conversation_id
     WHERE m.identity_id = ? AND m.conversation_id > ?
       AND m.delivered_seq < min(coalesce(m.left_seq, c.last_seq), c.last_seq)
       AND coalesce(m.left_at, c.deleted_at, '9999') >= ?
       AND (m.left_seq IS NULL OR c.deleted_at IS NULL)
     ORDER BY m.conversation_id LIMIT ?`,
  );
  const recent = db
    .prepare<[string, string, number], string>(
      `SELECT o.identity_id FROM members m
       JOIN conversations c ON c.id = m.conversation_id AND c.deleted_at IS NULL
       JOIN members o ON o.conversation_id = c.id AND o.left_seq IS NULL
       JOIN identities i ON i.id = o.identity_id AND i.kind = ?
       WHERE m.identity_id = ? AND m.left_seq IS NULL
       GROUP BY o.identity_id ORDER BY max(c.last_pos) DESC LIMIT ?`,
    )
    .pluck();
  const share = db.prepare<[string, string]>(
    `SELECT 1 FROM members m
     CROSS JOIN members o ON o.conversation_id = m.conversation_id AND o.identity_id = ? AND o.left_seq IS NULL
     CROSS JOIN conversations c ON c.id = m.conversation_id AND c.deleted_at IS NULL
     WHERE m.identity_id = ? AND m.left_seq IS NULL LIMIT 1`,
  );
  const count = db
    .prepare<[string, number], number>(
      `SELECT count(*) FROM (
         SELECT 1 FROM members m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.identity_id = ? AND m.left_seq IS NULL AND c.deleted_at IS NULL LIMIT ?
       )`,
    )
    .pluck();
  const lastConnectedAt = db
    .prepare<[string], string | null>('SELECT last_connected_at FROM identities WHERE id = ?')
    .pluck();

  function listPending(identityId: string, limit: number, after: string) {
    const pending = pendingPage.all(identityId, after, access.formerSince(), limit + 1);
    const more = pending.length > limit;
    if (more) pending.pop();
    return {
      pending,
      next_cursor: more ? encodeCursor({ after: pending.at(-1)?.conversation_id }) : null,
    };
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
      return write(({ at }) => {
        if (epoch <= credentials.check(identity_id, credential_id)) {
          throw new AppError('replaced', 'A newer connection of this identity has taken over.');
        }
        raise.run(epoch, at, identity_id);
        const otherKind = kindOf(identity_id) === 'user' ? 'agent' : 'user';
        return {
          log_id: logId,
          ...listPending(identity_id, PENDING_PAGE, ''),
          counterparts: counterparts > 0 ? recent.all(otherKind, identity_id, counterparts) : [],
        };
      });
    },

    async listPending({ identity_id, limit, cursor }) {
      const after = cursor === undefined ? '' : decodeCursor(idCursorSchema, cursor).after;
      return listPending(identity_id, limit, after);
    },

    async countConversations({ identity_id }) {
      return { conversations: count.get(identity_id, MOST_COUNTED_CONVERSATIONS) ?? 0 };
    },

    async counterparts({ identity_id, ids }) {
      const shared = (other: string) => {
        // A person has few conversations, an agent may have one with everybody: look from the person's side.
        const [person, partner] =
          kindOf(identity_id) === 'user' ? [identity_id, other] : [other, identity_id];
        return other !== identity_id && share.get(partner, person) !== undefined;
      };
      return { ids: [...new Set(ids)].filter(shared) };
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
