import { kindOf, type Pending } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { decodeCursor, encodeCursor, idCursorSchema } from '../cursors';
import type { Store } from '../store';
import type { Access } from './access';
import type { Sqlite } from './sqlite';

type Connections = Pick<
  Store,
  'authorize' | 'connect' | 'listPending' | 'counterparts' | 'lastConnected'
>;
/** How many undelivered conversations `connect` lists; the rest comes by listPending. */
const PENDING_PAGE = 1_000;

export function createConnections({ db, logId, now, write }: Sqlite, access: Access): Connections {
  const bySession = db.prepare<[string, string, string], { epoch: number }>(
    `SELECT i.epoch FROM sessions s JOIN identities i ON i.id = s.user_id
     WHERE i.id = ? AND s.id = ? AND s.revoked_at IS NULL AND s.expires_at > ?`,
  );
  const byKey = db.prepare<[string, string], { epoch: number }>(
    `SELECT i.epoch FROM agent_keys k JOIN identities i ON i.id = k.agent_id
     WHERE i.id = ? AND k.key_id = ? AND k.revoked_at IS NULL`,
  );
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
  const lastConnectedAt = db
    .prepare<[string], string | null>('SELECT last_connected_at FROM identities WHERE id = ?')
    .pluck();

  function authorize(identityId: string, credentialId: string): { epoch: number } {
    const found =
      kindOf(identityId) === 'user'
        ? bySession.get(identityId, credentialId, now().toISOString())
        : byKey.get(identityId, credentialId);
    if (!found) throw new AppError('unauthorized', 'This credential is not valid (any more).');
    return found;
  }

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
      return authorize(identity_id, credential_id);
    },

    async connect({ identity_id, credential_id, epoch, counterparts }) {
      return write(({ at }) => {
        if (epoch <= authorize(identity_id, credential_id).epoch) {
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
