import type { Ended, User } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { afterOf } from '../../cursors';
import { noSuchUser } from '../../no-such-user';
import { cutPage } from '../../pages';
import { passwordChanged } from '../../password-changed';
import type { Store } from '../../store';
import type { AuditLog } from '../audit';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';
import type { Quotas } from '../quotas';
import type { Credentials } from './credentials';

type People = Pick<Store, 'createUser' | 'findUser' | 'listUsers' | 'getUser' | 'updateUser'>;
interface CredentialsRow {
  user_id: string;
  password_hash: string;
  disabled_at: string | null;
}

interface PeopleParts {
  audit: AuditLog;
  credentials: Credentials;
  quotas: Quotas;
  sessions: { endAll(tx: Tx, userId: string, keepSessionId?: string): Promise<Ended> };
}

const CREDENTIALS = `SELECT u.id AS user_id, u.password_hash, u.disabled_at
  FROM users u JOIN identities i ON i.id = u.id`;
const LOCK = 'SELECT password_hash FROM users WHERE id = $1 FOR UPDATE';
const SELECT = `SELECT u.id, i.name AS username, i.created_at, i.last_connected_at, u.disabled_at,
    (SELECT count(*) FROM sessions s
     WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > $1) AS sessions,
    (SELECT count(*) FROM push_tokens p WHERE p.user_id = u.id) AS devices,
    (SELECT count(*) FROM conversations c
     WHERE c.created_by = i.n AND c.deleted_at IS NULL) AS conversations
  FROM users u JOIN identities i ON i.id = u.id`;

export function createPeople(
  { now, read, write }: Postgres,
  { audit, credentials, quotas, sessions }: PeopleParts,
): People {
  async function readUser(tx: Tx, id: string): Promise<User> {
    const user = await tx.get<User>(`${SELECT} WHERE u.id = $2`, [now().toISOString(), id]);
    if (!user) throw noSuchUser();
    return user;
  }

  return {
    async createUser({ username, password_hash, by }) {
      return write(async (tx) => {
        const id = `usr_${uuidv7()}`;
        const made = await tx.run(
          `INSERT INTO identities (id, kind, name, created_at) VALUES ($1, 'user', $2, $3)
           ON CONFLICT DO NOTHING`,
          [id, username, tx.at],
        );
        if (made === 0) throw new AppError('conflict', 'This username is taken.');
        quotas.checkRoom();
        tx.later('INSERT INTO users (id, password_hash) VALUES ($1, $2)', [id, password_hash]);
        const isAdmin = by.actor.kind === 'admin';
        // Whom an operator adds counts for itself alone.
        if (!isAdmin && by.ip !== null) await quotas.register(tx, id, by.ip);
        const action = isAdmin ? 'user.create' : 'user.register';
        audit.write(tx, by, { action, target: id });
        return { user_id: id, username };
      });
    },

    async findUser(request) {
      const [where, value] =
        'username' in request
          ? [`i.kind = 'user' AND i.name = $1`, request.username]
          : ['u.id = $1', request.user_id];
      const row = await read((tx) =>
        tx.get<CredentialsRow>(`${CREDENTIALS} WHERE ${where}`, [value]),
      );
      if (!row) return { user: null };
      const { disabled_at, ...user } = row;
      return { user: { ...user, disabled: disabled_at !== null } };
    },

    async listUsers({ username, limit, cursor }) {
      const at = now().toISOString();
      if (username !== undefined) {
        const users = await read((tx) =>
          tx.all<User>(`${SELECT} WHERE i.kind = 'user' AND i.name = $2`, [at, username]),
        );
        return { users, next_cursor: null };
      }
      const after = afterOf(cursor);
      const users = await read((tx) =>
        tx.all<User>(`${SELECT} WHERE u.id > $2 ORDER BY u.id LIMIT $3`, [at, after, limit + 1]),
      );
      const { taken, next_cursor } = cutPage(users, limit, (last) => ({ after: last.id }));
      return { users: taken, next_cursor };
    },

    async getUser({ user_id }) {
      return read((tx) => readUser(tx, user_id));
    },

    async updateUser({ user_id, password_hash, disabled, keep_session_id, confirmed_hash, by }) {
      return write(async (tx) => {
        // Who begins a session, or ends all, does the same first: none comes between.
        const before = await tx.get<{ password_hash: string }>(LOCK, [user_id]);
        // First: of a person that is gone, the session has ended.
        if (keep_session_id !== undefined) await credentials.check(tx, user_id, keep_session_id);
        if (!before) throw noSuchUser();
        if (confirmed_hash !== undefined && confirmed_hash !== before.password_hash) {
          throw passwordChanged();
        }
        if (password_hash !== undefined) {
          tx.later('UPDATE users SET password_hash = $2 WHERE id = $1', [user_id, password_hash]);
        }
        if (disabled === true) {
          tx.later('UPDATE users SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL', [
            user_id,
            tx.at,
          ]);
        }
        if (disabled === false) {
          tx.later('UPDATE users SET disabled_at = NULL WHERE id = $1', [user_id]);
        }
        const ends = password_hash !== undefined || disabled === true;
        const kept = disabled === true ? undefined : keep_session_id;
        const action = by.actor.kind === 'user' ? 'user.password' : 'user.update';
        audit.write(tx, by, { action, target: user_id });
        const ended = ends ? await sessions.endAll(tx, user_id, kept) : [];
        return { ended, user: await readUser(tx, user_id) };
      });
    },
  };
}
