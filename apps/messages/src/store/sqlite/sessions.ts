import { LIMITS, type Ended } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import type { Store } from '../store';
import type { AuditLog } from './audit';
import type { Sqlite, Transaction } from './sqlite';

/**
 * Refresh digests kept per session besides the current one, newest first. A copy of one of these ends the session;
 * an even older one is unknown, and refused without any effect.
 */
const ROTATED_KEPT = 50;
/** How long the token that was used last may be shown again by somebody who got no answer. */
const REPEAT_MS = 30_000;
/** Ended sessions kept per person until they would have run out: a logout that is repeated is answered alike. */
const ENDED_KEPT = LIMITS.sessionsPerPerson;

type SessionCalls = Pick<Store, 'createSession' | 'rotateSession' | 'endSession'>;

/** What other parts of the store do to all sessions of a person. */
export interface Sessions {
  calls: SessionCalls;
  /**
   * Ends all sessions of a person but one, and its devices: a device is not told any more than who holds it may read,
   * and which device a session is on is not known. An app that stays logged in registers again when it starts.
   */
  endAll(tx: Transaction, userId: string, keepSessionId?: string): Ended;
}

interface Session {
  id: string;
  user_id: string;
  refresh_digest: string;
  expires_at: string;
  revoked_at: string | null;
  used_digest: string | null;
  used_at: string | null;
  /** Whether the digest by which it was found was handed out since the last use, and not used yet. */
  is_fresh: 0 | 1;
}

export function createSessions({ db, write }: Sqlite, audit: AuditLog): Sessions {
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
       ORDER BY revoked_at DESC, id DESC LIMIT -1 OFFSET ${ENDED_KEPT})`,
  );
  const insertSession = db.prepare(
    'INSERT INTO sessions (id, user_id, refresh_digest, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
  );
  const beyondLimit = db
    .prepare<[string], string>(
      `SELECT id FROM sessions WHERE user_id = ? AND revoked_at IS NULL
       ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ${LIMITS.sessionsPerPerson}`,
    )
    .pluck();
  const byDigest = db.prepare<{ digest: string }, Session>(
    `SELECT *, 1 AS is_fresh FROM sessions WHERE refresh_digest = @digest
     UNION ALL
     SELECT s.*, NOT r.spent FROM rotated_digests r JOIN sessions s ON s.id = r.session_id
     WHERE r.digest = @digest`,
  );
  const rotate = db.prepare('UPDATE sessions SET refresh_digest = ?, expires_at = ? WHERE id = ?');
  const keepRotated = db.prepare(
    'INSERT INTO rotated_digests (digest, session_id, spent) VALUES (?, ?, ?)',
  );
  const spendAll = db.prepare('UPDATE rotated_digests SET spent = 1 WHERE session_id = ?');
  const noteUse = db.prepare('UPDATE sessions SET used_digest = ?, used_at = ? WHERE id = ?');
  const trimRotated = db.prepare(
    `DELETE FROM rotated_digests WHERE session_id = @id AND id NOT IN (
       SELECT id FROM rotated_digests WHERE session_id = @id ORDER BY id DESC LIMIT ${ROTATED_KEPT})`,
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
  const dropToken = db.prepare('DELETE FROM push_tokens WHERE token = ? AND user_id = ?');
  const dropTokens = db.prepare('DELETE FROM push_tokens WHERE user_id = ?');

  const endedOf = (userId: string, ids: string[]): Ended =>
    ids.map((credential_id) => ({ identity_id: userId, credential_id }));

  function endAll({ at }: Transaction, userId: string, keepSessionId?: string): Ended {
    dropTokens.run(userId);
    return endedOf(userId, revokeAll.all({ at, user: userId, keep: keepSessionId ?? null }));
  }

  return {
    endAll,
    calls: {
      async createSession({ user_id, refresh_digest, expires_at, password, by }) {
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
          insertSession.run(id, user_id, refresh_digest, at, expires_at);
          const oldest = beyondLimit.all(user_id);
          for (const each of oldest) revoke.run(at, each);
          deleteEnded.run(user_id);
          audit.write(tx, by, { action: 'user.login', target: user_id });
          return { session_id: id, ended: endedOf(user_id, oldest) };
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
          if (!isFresh && !isRepetition(session, refresh_digest, at)) {
            // Two hold the same token.
            revoke.run(at, id);
            audit.write(tx, by, {
              action: 'user.refresh',
              target: user_id,
              result: 'unauthorized',
            });
            return { session: null, ended: endedOf(user_id, [id]) };
          }
          if (isFresh) {
            spendAll.run(id);
            noteUse.run(refresh_digest, at, id);
          }
          keepRotated.run(session.refresh_digest, id, isFresh ? 1 : 0);
          trimRotated.run({ id });
          rotate.run(next_digest, expires_at, id);
          return { session: { session_id: id, user_id }, ended: [] };
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
          if (everywhere) return { ended: endAll(tx, user_id) };
          revoke.run(tx.at, id);
          return { ended: own };
        });
      },
    },
  };
}

/** The token that was used last, while none of those that were handed out for it has been used. */
function isRepetition({ used_digest, used_at }: Session, digest: string, at: string): boolean {
  if (used_digest !== digest || used_at === null) return false;
  return Date.parse(at) - Date.parse(used_at) <= REPEAT_MS;
}
