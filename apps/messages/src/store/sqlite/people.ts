import type { User } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../cursors';
import { cutPage } from '../pages';
import { passwordChanged } from '../password-changed';
import type { Store } from '../store';
import type { AuditLog } from './audit';
import type { Credentials } from './credentials';
import type { Quotas } from './quotas';
import { noSuchUser } from '../no-such-user';
import type { Sessions } from './sessions';
import type { Sqlite } from './sqlite';

type People = Pick<Store, 'createUser' | 'findUser' | 'listUsers' | 'getUser' | 'updateUser'>;
interface CredentialsRow {
  user_id: string;
  password_hash: string;
  disabled_at: string | null;
}

export function createPeople(
  { db, now, write }: Sqlite,
  {
    audit,
    credentials,
    quotas,
    sessions,
  }: { audit: AuditLog; credentials: Credentials; quotas: Quotas; sessions: Sessions },
): People {
  const usernameTaken = db.prepare<[string]>(
    "SELECT 1 FROM identities WHERE kind = 'user' AND name = ?",
  );
  const insertIdentity = db.prepare(
    "INSERT INTO identities (id, kind, name, created_at) VALUES (?, 'user', ?, ?)",
  );
  const insertUser = db.prepare('INSERT INTO users (id, password_hash) VALUES (?, ?)');
  const selectCredentials = 'SELECT u.id AS user_id, u.password_hash, u.disabled_at FROM';
  const findByName = db.prepare<[string], CredentialsRow>(
    `${selectCredentials} identities i JOIN users u ON u.id = i.id WHERE i.kind = 'user' AND i.name = ?`,
  );
  const findById = db.prepare<[string], CredentialsRow>(
    `${selectCredentials} users u WHERE u.id = ?`,
  );

  const select = `SELECT u.id, i.name AS username, i.created_at, i.last_connected_at, u.disabled_at,
      (SELECT count(*) FROM sessions s
       WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > @at) AS sessions,
      (SELECT count(*) FROM push_tokens p WHERE p.user_id = u.id) AS devices,
      (SELECT count(*) FROM conversations c
       WHERE c.created_by = i.n AND c.deleted_at IS NULL) AS conversations
    FROM users u JOIN identities i ON i.id = u.id`;
  const byId = db.prepare<{ at: string; id: string }, User>(`${select} WHERE u.id = @id`);
  const byName = db.prepare<{ at: string; name: string }, User>(
    `${select} WHERE i.kind = 'user' AND i.name = @name`,
  );
  const page = db.prepare<{ at: string; after: string; limit: number }, User>(
    `${select} WHERE u.id > @after ORDER BY u.id LIMIT @limit`,
  );
  const hashOf = db
    .prepare<[string], string>('SELECT password_hash FROM users WHERE id = ?')
    .pluck();
  const setPassword = db.prepare('UPDATE users SET password_hash = ? WHERE id = ?');
  const disable = db.prepare(
    'UPDATE users SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL',
  );
  const enable = db.prepare('UPDATE users SET disabled_at = NULL WHERE id = ?');

  function read(id: string): User {
    const user = byId.get({ at: now().toISOString(), id });
    if (!user) throw noSuchUser();
    return user;
  }

  return {
    async createUser({ username, password_hash, by }) {
      return write((tx) => {
        if (usernameTaken.get(username)) {
          throw new AppError('conflict', 'This username is taken.');
        }
        quotas.checkRoom();
        const id = `usr_${uuidv7()}`;
        insertIdentity.run(id, username, tx.at);
        insertUser.run(id, password_hash);
        const isAdmin = by.actor.kind === 'admin';
        // Whom an operator adds counts for itself alone.
        if (!isAdmin && by.ip !== null) quotas.register(id, by.ip);
        const action = isAdmin ? 'user.create' : 'user.register';
        audit.write(tx, by, { action, target: id });
        return { user_id: id, username };
      });
    },

    async findUser(request) {
      const row =
        'username' in request ? findByName.get(request.username) : findById.get(request.user_id);
      if (!row) return { user: null };
      const { disabled_at, ...user } = row;
      return { user: { ...user, disabled: disabled_at !== null } };
    },

    async listUsers({ username, limit, cursor }) {
      const at = now().toISOString();
      if (username !== undefined) {
        const user = byName.get({ at, name: username });
        return { users: user ? [user] : [], next_cursor: null };
      }
      const after = afterOf(cursor);
      const users = page.all({ at, after, limit: limit + 1 });
      const { taken, next_cursor } = cutPage(users, limit, (last) => ({ after: last.id }));
      return { users: taken, next_cursor };
    },

    async getUser({ user_id }) {
      return read(user_id);
    },

    async updateUser({ user_id, password_hash, disabled, keep_session_id, confirmed_hash, by }) {
      return write((tx) => {
        // First: of a person that is gone, the session has ended.
        if (keep_session_id !== undefined) credentials.check(user_id, keep_session_id);
        read(user_id);
        if (confirmed_hash !== undefined && confirmed_hash !== hashOf.get(user_id)) {
          throw passwordChanged();
        }
        if (password_hash !== undefined) setPassword.run(password_hash, user_id);
        if (disabled === true) disable.run(tx.at, user_id);
        if (disabled === false) enable.run(user_id);
        const ends = password_hash !== undefined || disabled === true;
        const kept = disabled === true ? undefined : keep_session_id;
        const action = by.actor.kind === 'user' ? 'user.password' : 'user.update';
        audit.write(tx, by, { action, target: user_id });
        return { ended: ends ? sessions.endAll(tx, user_id, kept) : [], user: read(user_id) };
      });
    },
  };
}
