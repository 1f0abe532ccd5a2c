import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import type { Store } from '../store';
import type { Sqlite } from './sqlite';

/**
 * Refresh digests kept per session besides the current one, newest first. A copy of one of these ends the session;
 * an even older one is unknown, and refused without any effect.
 */
const ROTATED_KEPT = 50;
/** How long the token that was used last may be shown again by somebody who got no answer. */
const REPEAT_MS = 30_000;

type People = Pick<
  Store,
  'createUser' | 'findUser' | 'createSession' | 'rotateSession' | 'endSession'
>;
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

export function createPeople({ db, write }: Sqlite): People {
  const usernameTaken = db.prepare<[string]>(
    "SELECT 1 FROM identities WHERE kind = 'user' AND name = ?",
  );
  const insertIdentity = db.prepare(
    "INSERT INTO identities (id, kind, name, created_at) VALUES (?, 'user', ?, ?)",
  );
  const insertUser = db.prepare('INSERT INTO users (id, password_hash) VALUES (?, ?)');
  const findByName = db.prepare<[string], { user_id: string; password_hash: string }>(
    `SELECT u.id AS user_id, u.password_hash FROM identities i JOIN users u ON u.id = i.id
     WHERE i.kind = 'user' AND i.name = ?`,
  );
  const deleteExpired = db.prepare('DELETE FROM sessions WHERE user_id = ? AND expires_at <= ?');
  const insertSession = db.prepare(
    `INSERT INTO sessions (id, user_id, refresh_digest, created_at, expires_at)
     SELECT ?, id, ?, ?, ? FROM users WHERE id = ?`,
  );
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
  const dropToken = db.prepare('DELETE FROM push_tokens WHERE token = ? AND user_id = ?');

  return {
    async createUser({ username, password_hash }) {
      return write(({ at }) => {
        if (usernameTaken.get(username)) {
          throw new AppError('conflict', 'This username is taken.');
        }
        const id = `usr_${uuidv7()}`;
        insertIdentity.run(id, username, at);
        insertUser.run(id, password_hash);
        return { user_id: id, username };
      });
    },

    async findUser({ username }) {
      return { user: findByName.get(username) ?? null };
    },

    async createSession({ user_id, refresh_digest, expires_at }) {
      return write(({ at }) => {
        deleteExpired.run(user_id, at);
        const id = `ses_${uuidv7()}`;
        const { changes } = insertSession.run(id, refresh_digest, at, expires_at, user_id);
        if (changes === 0) throw new AppError('not_found', 'No such user.');
        return { session_id: id };
      });
    },

    async rotateSession({ refresh_digest, next_digest, expires_at }) {
      const refused = () => new AppError('unauthorized', 'This refresh token is not valid.');
      const rotated = write(({ at }) => {
        const session = byDigest.get({ digest: refresh_digest });
        if (!session || session.revoked_at !== null || session.expires_at <= at) return null;
        const isFresh = session.is_fresh === 1;
        if (!isFresh && !isRepetition(session, refresh_digest, at)) {
          // Two hold the same token. Must be committed: the refusal is thrown outside of the transaction.
          revoke.run(at, session.id);
          return null;
        }
        if (isFresh) {
          spendAll.run(session.id);
          noteUse.run(refresh_digest, at, session.id);
        }
        keepRotated.run(session.refresh_digest, session.id, isFresh ? 1 : 0);
        trimRotated.run({ id: session.id });
        rotate.run(next_digest, expires_at, session.id);
        return { session_id: session.id, user_id: session.user_id };
      });
      if (!rotated) throw refused();
      return rotated;
    },

    async endSession({ refresh_digest, push_token }) {
      return write(({ at }) => {
        const session = byDigest.get({ digest: refresh_digest });
        if (session) {
          revoke.run(at, session.id);
          if (push_token !== undefined) dropToken.run(push_token, session.user_id);
        }
        return {
          ended: session ? { identity_id: session.user_id, credential_id: session.id } : null,
        };
      });
    },
  };
}

/** The token that was used last, while none of those that were handed out for it has been used. */
function isRepetition({ used_digest, used_at }: Session, digest: string, at: string): boolean {
  if (used_digest !== digest || used_at === null) return false;
  return Date.parse(at) - Date.parse(used_at) <= REPEAT_MS;
}
