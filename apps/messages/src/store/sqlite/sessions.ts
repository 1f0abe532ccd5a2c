import { LIMITS, type Ended, type Session as Listed } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../cursors';
import { isConnectDue, isRepetition, SESSIONS_KEPT, useAt } from '../session-rules';
import { cutPage } from '../pages';
import type { Store } from '../store';
import type { AuditLog } from './audit';
import { noSuchUser } from '../no-such-user';
import type { Sqlite, Transaction } from './sqlite';

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
  endAll(tx: Transaction, userId: string, keepSessionId?: string): Ended;
  /** A session is used by who connects with it. */
  noteConnect(tx: Transaction, userId: string, sessionId: string): void;
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
  is_fresh: 0 | 1;
  used_at: string | null;
  /** Whether one that was handed out for that digest was used. */
  is_succeeded: 0 | 1;
}

export function createSessions({ db, now, write }: Sqlite, audit: AuditLog): Sessions {
  const hashOfEnabled = db
    .prepare<[string], string>(
      'SELECT password_hash FROM users WHERE id = ? AND disabled_at IS NULL',
    )
    .pluck();
  const rehash = db.prepare('UPDATE users SET password_hash = ? WHERE id = ?');
  const deleteExpired = db.prepare('DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?');
  const deleteEnded = db.prepare(
    `DELETE FROM sessions WHERE id IN (
       SELECT id FROM sessions WHERE user_id = ? AND revoked_at IS NOT NULL
       ORDER BY revoked_at DESC, id DESC LIMIT -1 OFFSET ${SESSIONS_KEPT.ended})`,
  );
  const insertSession = db.prepare(
    `INSERT INTO sessions (id, user_id, refresh_digest, created_at, last_used_at, expires_at)
     VALUES (@id, @user_id, @refresh_digest, @at, @used, @expires_at)`,
  );
  const beyondLimit = db
    .prepare<{ user_id: string; id: string; connected: string | null }, string>(
      `SELECT id FROM sessions WHERE user_id = @user_id AND revoked_at IS NULL
       ORDER BY id = @id DESC, id IS @connected DESC, last_used_at DESC, id DESC
       LIMIT -1 OFFSET ${LIMITS.sessionsPerPerson}`,
    )
    .pluck();
  const newestUse = db
    .prepare<[string], string | null>('SELECT max(last_used_at) FROM sessions WHERE user_id = ?')
    .pluck();
  const lastUse = db
    .prepare<[string], string>('SELECT last_used_at FROM sessions WHERE id = ?')
    .pluck();
  const setUse = db.prepare('UPDATE sessions SET last_used_at = ? WHERE id = ?');
  const byDigest = db.prepare<{ digest: string }, Session>(
    `SELECT *, 1 AS is_fresh, NULL AS used_at, 0 AS is_succeeded FROM sessions WHERE refresh_digest = @digest
     UNION ALL
     SELECT s.*, NOT r.spent, r.used_at,
       EXISTS (SELECT 1 FROM rotated_digests n WHERE n.session_id = s.id AND n.parent = @digest AND n.spent)
     FROM rotated_digests r JOIN sessions s ON s.id = r.session_id
     WHERE r.digest = @digest`,
  );
  const rotate = db.prepare(
    `UPDATE sessions SET refresh_digest = ?, refresh_parent = ?, expires_at = ?, last_used_at = ?
     WHERE id = ?`,
  );
  const keepRotated = db.prepare(
    'INSERT INTO rotated_digests (digest, session_id, parent, spent) VALUES (?, ?, ?, 0)',
  );
  const spend = db.prepare('UPDATE rotated_digests SET spent = 1, used_at = ? WHERE digest = ?');
  const trimRotated = db.prepare(
    `DELETE FROM rotated_digests WHERE session_id = @id AND spent = @spent AND id NOT IN (
       SELECT id FROM rotated_digests WHERE session_id = @id AND spent = @spent ORDER BY id DESC LIMIT @kept)`,
  );
  const revoke = db.prepare(
    'UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
  );
  const revokeAll = db
    .prepare<{ at: string; user: string; keep: string | null }, string>(
      `UPDATE sessions SET revoked_at = @at
       WHERE user_id = @user AND revoked_at IS NULL AND id IS NOT @keep RETURNING id`,
    )
    .pluck();
  const exists = db.prepare<[string]>('SELECT 1 FROM users WHERE id = ?');
  const page = db.prepare<{ user: string; at: string; before: string; limit: number }, Listed>(
    `SELECT id, created_at, last_used_at, expires_at FROM sessions
     WHERE user_id = @user AND revoked_at IS NULL AND expires_at > @at AND id < @before
     ORDER BY id DESC LIMIT @limit`,
  );
  const dropToken = db.prepare('DELETE FROM push_tokens WHERE token = ? AND user_id = ?');
  const dropTokens = db.prepare('DELETE FROM push_tokens WHERE user_id = ?');

  const endedOf = (userId: string, ids: string[]): Ended =>
    ids.map((credential_id) => ({ identity_id: userId, credential_id }));

  function endAll({ at }: Transaction, userId: string, keepSessionId?: string): Ended {
    dropTokens.run(userId);
    return endedOf(userId, revokeAll.all({ at, user: userId, keep: keepSessionId ?? null }));
  }

  function nextUse({ at }: Transaction, userId: string): string {
    return useAt(at, newestUse.get(userId) ?? null);
  }

  function noteConnect({ at }: Transaction, userId: string, sessionId: string): void {
    const [own, newest] = [lastUse.get(sessionId), newestUse.get(userId)];
    if (own === undefined || typeof newest !== 'string') return;
    if (isConnectDue(at, { own, newest })) setUse.run(useAt(at, newest), sessionId);
  }

  return {
    endAll,
    noteConnect,
    calls: {
      async createSession(request) {
        const { user_id, refresh_digest, expires_at, password, by } = request;
        return write((tx) => {
          const { at } = tx;
          const hash = hashOfEnabled.get(user_id);
          // The password may have changed, and all sessions ended, since it was compared.
          if (hash === undefined || (password && password.hash !== hash)) {
            throw new AppError('unauthorized', 'This person cannot log in.');
          }
          if (password?.rehash !== undefined) rehash.run(password.rehash, user_id);
          deleteExpired.run(user_id, at);
          const id = `ses_${uuidv7()}`;
          const used = nextUse(tx, user_id);
          insertSession.run({ id, user_id, refresh_digest, at, used, expires_at });
          const connected = request.connected_session_id ?? null;
          const unused = beyondLimit.all({ user_id, id, connected });
          for (const each of unused) revoke.run(at, each);
          deleteEnded.run(user_id);
          audit.write(tx, by, { action: 'user.login', target: user_id });
          return { session_id: id, ended: endedOf(user_id, unused) };
        });
      },

      async rotateSession({ refresh_digest, next_digest, expires_at, by }) {
        return write((tx) => {
          const { at } = tx;
          const session = byDigest.get({ digest: refresh_digest });
          if (!session || session.revoked_at !== null || session.expires_at <= at) {
            return { session: null, ended: [] };
          }
          const { id, user_id } = session;
          const isFresh = session.is_fresh === 1;
          if (
            !isFresh &&
            !isRepetition({ ...session, is_succeeded: session.is_succeeded === 1 }, at)
          ) {
            // Two hold the same token.
            revoke.run(at, id);
            audit.write(tx, by, {
              action: 'user.refresh',
              target: user_id,
              result: 'unauthorized',
            });
            return { session: null, ended: endedOf(user_id, [id]) };
          }
          keepRotated.run(session.refresh_digest, id, session.refresh_parent);
          if (isFresh) spend.run(at, refresh_digest);
          trimRotated.run({ id, spent: 1, kept: SESSIONS_KEPT.used });
          trimRotated.run({ id, spent: 0, kept: SESSIONS_KEPT.beside });
          rotate.run(next_digest, refresh_digest, expires_at, nextUse(tx, user_id), id);
          return { session: { session_id: id, user_id }, ended: [] };
        });
      },

      async listSessions({ user_id, limit, cursor }) {
        if (!exists.get(user_id)) throw noSuchUser();
        const before = afterOf(cursor, LAST);
        const at = now().toISOString();
        const sessions = page.all({ user: user_id, at, before, limit: limit + 1 });
        const { taken, next_cursor } = cutPage(sessions, limit, (last) => ({ after: last.id }));
        return { sessions: taken, next_cursor };
      },

      async endSessions({ user_id, by }) {
        return write((tx) => {
          if (!exists.get(user_id)) throw noSuchUser();
          audit.write(tx, by, { action: 'session.end', target: user_id });
          return { ended: endAll(tx, user_id) };
        });
      },

      async endSession({ refresh_digest, push_token, everywhere, by }) {
        return write((tx) => {
          const session = byDigest.get({ digest: refresh_digest });
          if (!session) return { ended: [] };
          const { id, user_id, revoked_at, expires_at } = session;
          if (push_token !== undefined) dropToken.run(push_token, user_id);
          // Told again when it has ended before: whoever asks again has had no answer.
          const own = endedOf(user_id, [id]);
          if (revoked_at !== null || expires_at <= tx.at) return { ended: own };
          audit.write(tx, by, { action: 'user.logout', target: user_id });
          // One that was used may be a copy: it ends the session that it is of, and no other.
          if (everywhere && session.is_fresh === 1) return { ended: endAll(tx, user_id) };
          revoke.run(tx.at, id);
          return { ended: own };
        });
      },
    },
  };
}
