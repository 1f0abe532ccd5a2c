import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import type { Store } from '../store';
import type { Sqlite } from './sqlite';

/** Swapped refresh digests kept per session; a reuse of an older one is refused, but ends no session. */
const ROTATED_KEPT = 50;

type People = Pick<
  Store,
  'createUser' | 'findUser' | 'createSession' | 'rotateSession' | 'endSession'
>;
interface Session {
  id: string;
  user_id: string;
  expires_at: string;
  revoked_at: string | null;
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
  const byDigest = db.prepare<[string], Session>('SELECT * FROM sessions WHERE refresh_digest = ?');
  const byRotatedDigest = db.prepare<[string], Session>(
    'SELECT s.* FROM rotated_digests r JOIN sessions s ON s.id = r.session_id WHERE r.digest = ?',
  );
  const rotate = db.prepare('UPDATE sessions SET refresh_digest = ?, expires_at = ? WHERE id = ?');
  const keepRotated = db.prepare('INSERT INTO rotated_digests (digest, session_id) VALUES (?, ?)');
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
        const session = byDigest.get(refresh_digest);
        if (!session) {
          // The revocation must be committed, so the refusal is thrown outside of the transaction.
          const reused = byRotatedDigest.get(refresh_digest);
          if (reused) revoke.run(at, reused.id);
          return null;
        }
        if (session.revoked_at !== null || session.expires_at <= at) return null;
        keepRotated.run(refresh_digest, session.id);
        trimRotated.run({ id: session.id });
        rotate.run(next_digest, expires_at, session.id);
        return { session_id: session.id, user_id: session.user_id };
      });
      if (!rotated) throw refused();
      return rotated;
    },

    async endSession({ refresh_digest, push_token }) {
      return write(({ at }) => {
        const session = byDigest.get(refresh_digest) ?? byRotatedDigest.get(refresh_digest);
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
