import { LIMITS, type Ended, type Session as Listed } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../../cursors';
import { noSuchUser } from '../../no-such-user';
import {
  isConnectDue,
  isRepetition,
  SESSIONS_KEPT,
  useAt,
  type LastUse,
} from '../../session-rules';
import { cutPage } from '../../pages';
import type { Store } from '../../store';
import type { AuditLog } from '../audit';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/** After every session's id. */
const LAST = 'ses_~';

type SessionCalls = Pick<
  Store,
  'createSession' | 'rotateSession' | 'endSession' | 'listSessions' | 'endSessions'
>;

/** What other parts of the store do to all sessions of a person. */
export interface Sessions {
  calls: SessionCalls;
  /**
   * Ends all sessions of a person but one, and its devices: a device is not told any more than who holds it may read,
   * and which device a session is on is not known. An app that stays logged in registers again when it starts.
   */
  endAll(tx: Tx, userId: string, keepSessionId?: string): Promise<Ended>;
  /** What `noteConnect` goes by. */
  lastUse(tx: Tx, userId: string, sessionId: string): Promise<LastUse | undefined>;
  /** A session is used by who connects with it. */
  noteConnect(tx: Tx, sessionId: string, use: LastUse): void;
}

interface Session {
  id: string;
  user_id: string;
  refresh_digest: string;
  expires_at: string;
  revoked_at: string | null;
  /** The digest for which `refresh_digest` was handed out. */
  refresh_parent: string | null;
  /** Whether the digest by which it was found was never used. */
  is_fresh: boolean;
  used_at: string | null;
  /** Whether one that was handed out for that digest was used. */
  is_succeeded: boolean;
}

/** What a person's sessions become is decided by one transaction after the other. */
const LOCK = 'SELECT password_hash FROM users WHERE id = $1 FOR NO KEY UPDATE';
const LOCK_ENABLED = `SELECT password_hash FROM users WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE`;
const LOCK_BY_DIGEST = `SELECT 1 FROM users WHERE id IN (
    SELECT user_id FROM sessions WHERE refresh_digest = $1
    UNION ALL SELECT s.user_id FROM rotated_digests r JOIN sessions s ON s.id = r.session_id WHERE r.digest = $1)
  FOR NO KEY UPDATE`;
const BY_DIGEST = `SELECT s.*, true AS is_fresh, NULL AS used_at, false AS is_succeeded
  FROM sessions s WHERE s.refresh_digest = $1
  UNION ALL
  SELECT s.*, NOT r.spent, r.used_at,
    EXISTS (SELECT 1 FROM rotated_digests n WHERE n.session_id = s.id AND n.parent = $1 AND n.spent)
  FROM rotated_digests r JOIN sessions s ON s.id = r.session_id WHERE r.digest = $1`;
const INSERT = `INSERT INTO sessions (id, user_id, refresh_digest, created_at, last_used_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6)`;
const REVOKE_BEYOND_LIMIT = `UPDATE sessions SET revoked_at = $2 WHERE id IN (
    SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL
    ORDER BY id = $3 DESC, id IS NOT DISTINCT FROM $4 DESC, last_used_at DESC, id DESC
    OFFSET ${LIMITS.sessionsPerPerson})
  RETURNING id`;
const NEWEST_USE = 'SELECT max(last_used_at) AS newest FROM sessions WHERE user_id = $1';
const LAST_USE = `SELECT last_used_at AS own,
    (SELECT max(last_used_at) FROM sessions WHERE user_id = $1) AS newest
  FROM sessions WHERE id = $2 AND user_id = $1`;
const DELETE_ENDED = `DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NOT NULL
    ORDER BY revoked_at DESC, id DESC OFFSET ${SESSIONS_KEPT.ended})`;
const TRIM_ROTATED = `DELETE FROM rotated_digests WHERE session_id = $1 AND spent = $2 AND id NOT IN (
    SELECT id FROM rotated_digests WHERE session_id = $1 AND spent = $2 ORDER BY id DESC LIMIT $3)`;
const REVOKE = 'UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL';
const REVOKE_ALL = `UPDATE sessions SET revoked_at = $2
  WHERE user_id = $1 AND revoked_at IS NULL AND id IS DISTINCT FROM $3 RETURNING id`;
const PAGE = `SELECT id, created_at, last_used_at, expires_at FROM sessions
  WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND id < $3 ORDER BY id DESC LIMIT $4`;

export function createSessions({ now, read, write }: Postgres, audit: AuditLog): Sessions {
  const endedOf = (userId: string, ids: string[]): Ended =>
    ids.map((credential_id) => ({ identity_id: userId, credential_id }));
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);

  async function endAll(tx: Tx, userId: string, keepSessionId?: string): Promise<Ended> {
    tx.later(LOCK, [userId]);
    tx.later('DELETE FROM push_tokens WHERE user_id = $1', [userId]);
    const ended = await tx.all<{ id: string }>(REVOKE_ALL, [userId, tx.at, keepSessionId ?? null]);
    return endedOf(userId, idsOf(ended));
  }

  function find(tx: Tx, digest: string): Promise<Session | undefined> {
    tx.later(LOCK_BY_DIGEST, [digest]);
    return tx.get<Session>(BY_DIGEST, [digest]);
  }

  async function nextUse(tx: Tx, userId: string): Promise<string> {
    const found = await tx.get<{ newest: string | null }>(NEWEST_USE, [userId]);
    return useAt(tx.at, found?.newest ?? null);
  }

  function noteConnect(tx: Tx, sessionId: string, use: LastUse): void {
    if (!isConnectDue(tx.at, use)) return;
    const values = [sessionId, useAt(tx.at, use.newest)];
    tx.later('UPDATE sessions SET last_used_at = $2 WHERE id = $1', values);
  }

  return {
    endAll,
    lastUse: (tx, userId, sessionId) => tx.get<LastUse>(LAST_USE, [userId, sessionId]),
    noteConnect,
    calls: {
      async createSession(request) {
        const { user_id, refresh_digest, expires_at, password, by } = request;
        return write(async (tx) => {
          const { at } = tx;
          const locked = tx.get<{ password_hash: string }>(LOCK_ENABLED, [user_id]);
          const [user, used] = await Promise.all([locked, nextUse(tx, user_id)]);
          // The password may have changed, and all sessions ended, since it was compared.
          if (!user || (password && password.hash !== user.password_hash)) {
            throw new AppError('unauthorized', 'This person cannot log in.');
          }
          if (password?.rehash !== undefined) {
            tx.later('UPDATE users SET password_hash = $2 WHERE id = $1', [
              user_id,
              password.rehash,
            ]);
          }
          tx.later('DELETE FROM sessions WHERE user_id = $1 AND expires_at <= $2', [user_id, at]);
          const id = `ses_${uuidv7()}`;
          tx.later(INSERT, [id, user_id, refresh_digest, at, used, expires_at]);
          const connected = request.connected_session_id ?? null;
          const values = [user_id, at, id, connected];
          const unused = tx.all<{ id: string }>(REVOKE_BEYOND_LIMIT, values);
          tx.later(DELETE_ENDED, [user_id]);
          audit.write(tx, by, { action: 'user.login', target: user_id });
          return { session_id: id, ended: endedOf(user_id, idsOf(await unused)) };
        });
      },

      async rotateSession({ refresh_digest, next_digest, expires_at, by }) {
        return write(async (tx) => {
          const { at } = tx;
          const session = await find(tx, refresh_digest);
          if (!session || session.revoked_at !== null || session.expires_at <= at) {
            return { session: null, ended: [] };
          }
          const { id, user_id, is_fresh } = session;
          if (!is_fresh && !isRepetition(session, at)) {
            // Two hold the same token.
            tx.later(REVOKE, [id, at]);
            const refused = { target: user_id, result: 'unauthorized' } as const;
            audit.write(tx, by, { action: 'user.refresh', ...refused });
            return { session: null, ended: endedOf(user_id, [id]) };
          }
          tx.later(
            'INSERT INTO rotated_digests (digest, session_id, parent, spent) VALUES ($1, $2, $3, false)',
            [session.refresh_digest, id, session.refresh_parent],
          );
          if (is_fresh) {
            tx.later('UPDATE rotated_digests SET spent = true, used_at = $2 WHERE digest = $1', [
              refresh_digest,
              at,
            ]);
          }
          tx.later(TRIM_ROTATED, [id, true, SESSIONS_KEPT.used]);
          tx.later(TRIM_ROTATED, [id, false, SESSIONS_KEPT.beside]);
          tx.later(
            `UPDATE sessions SET refresh_digest = $2, refresh_parent = $3, expires_at = $4, last_used_at = $5
             WHERE id = $1`,
            [id, next_digest, refresh_digest, expires_at, await nextUse(tx, user_id)],
          );
          return { session: { session_id: id, user_id }, ended: [] };
        });
      },

      async listSessions({ user_id, limit, cursor }) {
        const before = afterOf(cursor, LAST);
        return read(async (tx) => {
          const [user, sessions] = await Promise.all([
            tx.get('SELECT 1 FROM users WHERE id = $1', [user_id]),
            tx.all<Listed>(PAGE, [user_id, now().toISOString(), before, limit + 1]),
          ]);
          if (!user) throw noSuchUser();
          const { taken, next_cursor } = cutPage(sessions, limit, (last) => ({ after: last.id }));
          return { sessions: taken, next_cursor };
        });
      },

      async endSessions({ user_id, by }) {
        return write(async (tx) => {
          if (!(await tx.get(LOCK, [user_id]))) throw noSuchUser();
          audit.write(tx, by, { action: 'session.end', target: user_id });
          return { ended: await endAll(tx, user_id) };
        });
      },

      async endSession({ refresh_digest, push_token, everywhere, by }) {
        return write(async (tx) => {
          const session = await find(tx, refresh_digest);
          if (!session) return { ended: [] };
          const { id, user_id, revoked_at, expires_at } = session;
          if (push_token !== undefined) {
            tx.later('DELETE FROM push_tokens WHERE token = $1 AND user_id = $2', [
              push_token,
              user_id,
            ]);
          }
          // Told again when it has ended before: whoever asks again has had no answer.
          const own = endedOf(user_id, [id]);
          if (revoked_at !== null || expires_at <= tx.at) return { ended: own };
          audit.write(tx, by, { action: 'user.logout', target: user_id });
          // One that was used may be a copy: it ends the session that it is of, and no other.
          if (everywhere && session.is_fresh) return { ended: await endAll(tx, user_id) };
          tx.later(REVOKE, [id, tx.at]);
          return { ended: own };
        });
      },
    },
  };
}
