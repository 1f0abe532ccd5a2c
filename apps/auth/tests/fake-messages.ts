import type { AuditRecord, Handlers, Origin } from '@agent-messenger/contracts';
import { messagesCalls } from '@agent-messenger/contracts';
import { AppError, createLogger, Scope, serveInternal } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';

const calls = {
  authorize: messagesCalls.authorize,
  createUser: messagesCalls.createUser,
  findUser: messagesCalls.findUser,
  getUser: messagesCalls.getUser,
  updateUser: messagesCalls.updateUser,
  eraseUser: messagesCalls.eraseUser,
  createSession: messagesCalls.createSession,
  rotateSession: messagesCalls.rotateSession,
  endSession: messagesCalls.endSession,
  createAgent: messagesCalls.createAgent,
  createAgentKey: messagesCalls.createAgentKey,
  findAgentKey: messagesCalls.findAgentKey,
  recordAudit: messagesCalls.recordAudit,
  lastConnected: messagesCalls.lastConnected,
};

interface StoredUser {
  user_id: string;
  password_hash: string;
  disabled: boolean;
}
interface StoredSession {
  user_id: string;
  digest: string;
  used: string[];
  expires_at: string;
}
interface StoredKey {
  agent_id: string;
  key_hash: string;
  expires_at: string | null;
}

/** The part of the messages service that auth uses, in memory. What it stores is open to tests. */
export interface FakeMessages {
  url: string;
  users: Map<string, StoredUser>;
  sessions: Map<string, StoredSession>;
  keys: Map<string, StoredKey>;
  droppedPushTokens: string[];
  /** What auth asked to be recorded. */
  audit: AuditRecord[];
  /** Who asked for the last change. */
  changedBy: Origin | undefined;
  /** Runs before a session is made. */
  beforeSession: (() => void) | undefined;
  /** Runs before a person is described. */
  beforeUser: (() => void) | undefined;
  /** While set, every call fails with it. */
  failure: AppError | undefined;
  close(): Promise<void>;
}

export async function startFakeMessages(secret: string): Promise<FakeMessages> {
  const log = createLogger({ name: 'fake messages', level: 'silent' });
  const scope = new Scope(log);
  const fake: FakeMessages = {
    url: '',
    users: new Map(),
    sessions: new Map(),
    keys: new Map(),
    droppedPushTokens: [],
    audit: [],
    changedBy: undefined,
    beforeSession: undefined,
    beforeUser: undefined,
    failure: undefined,
    close: () => scope.close(),
  };
  const server = await serveInternal({
    config: { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET: secret },
    log,
    scope,
    metrics: new Registry(),
    calls,
    handlers: failing(handlersOf(fake), () => fake.failure),
  });
  server.ready();
  fake.url = `http://127.0.0.1:${server.port}`;
  return fake;
}

function handlersOf(fake: FakeMessages): Handlers<typeof calls> {
  let ids = 0;

  function ofId(userId: string): [string, StoredUser] {
    const found = [...fake.users].find(([, user]) => user.user_id === userId);
    if (!found) throw new AppError('not_found', 'There is no such person');
    return found;
  }

  function described(userId: string) {
    const [username, { disabled }] = ofId(userId);
    return {
      id: userId,
      username,
      created_at: new Date(0).toISOString(),
      last_connected_at: null,
      disabled_at: disabled ? new Date(0).toISOString() : null,
      sessions: 0,
      devices: 0,
      conversations: 0,
    };
  }

  function checkSession(userId: string, id: string | undefined): void {
    if (id !== undefined && fake.sessions.get(id)?.user_id !== userId) {
      throw new AppError('unauthorized', 'The session has ended');
    }
  }

  function endSessions(isEnding: (session: StoredSession, id: string) => boolean) {
    const ended = [];
    for (const [credential_id, session] of fake.sessions) {
      if (!isEnding(session, credential_id)) continue;
      fake.sessions.delete(credential_id);
      ended.push({ identity_id: session.user_id, credential_id });
    }
    return { ended };
  }

  return {
    authorize({ identity_id, credential_id }) {
      checkSession(identity_id, credential_id);
      return { epoch: 0 };
    },
    createUser({ username, password_hash, by }) {
      if (fake.users.has(username)) throw new AppError('conflict', 'The username is taken');
      const user_id = `usr_${++ids}`;
      fake.users.set(username, { user_id, password_hash, disabled: false });
      fake.changedBy = by;
      return { user_id, username };
    },
    findUser: (wanted) => ({
      user:
        'username' in wanted
          ? (fake.users.get(wanted.username) ?? null)
          : ([...fake.users.values()].find(({ user_id }) => user_id === wanted.user_id) ?? null),
    }),
    getUser({ user_id }) {
      fake.beforeUser?.();
      return described(user_id);
    },
    updateUser({ user_id, password_hash, disabled, keep_session_id, confirmed_hash, by }) {
      checkSession(user_id, keep_session_id);
      const [, user] = ofId(user_id);
      if (confirmed_hash !== undefined && confirmed_hash !== user.password_hash) {
        throw new AppError('unauthorized', 'The credentials are wrong');
      }
      if (password_hash !== undefined) user.password_hash = password_hash;
      if (disabled !== undefined) user.disabled = disabled;
      fake.changedBy = by;
      const isOver = password_hash !== undefined || disabled === true;
      const ending = endSessions(
        (session, id) => isOver && session.user_id === user_id && id !== keep_session_id,
      );
      return { ...ending, user: described(user_id) };
    },
    eraseUser({ user_id, session_id, by }) {
      checkSession(user_id, session_id);
      fake.users.delete(ofId(user_id)[0]);
      fake.changedBy = by;
      return endSessions((session) => session.user_id === user_id);
    },

    createSession({ user_id, refresh_digest, expires_at, password, by }) {
      fake.beforeSession?.();
      const [, user] = ofId(user_id);
      if (user.disabled || (password && password.hash !== user.password_hash)) {
        throw new AppError('unauthorized', 'This person cannot log in');
      }
      if (password?.rehash !== undefined) user.password_hash = password.rehash;
      const session_id = `ses_${++ids}`;
      fake.sessions.set(session_id, { user_id, digest: refresh_digest, used: [], expires_at });
      fake.changedBy = by;
      return { session_id, ended: [] };
    },
    rotateSession({ refresh_digest, next_digest, expires_at }) {
      const [session_id, session] =
        [...fake.sessions].find(([, { digest }]) => digest === refresh_digest) ?? [];
      if (!session || !session_id) {
        const stolen = endSessions(({ used }) => used.includes(refresh_digest));
        return { ...stolen, session: null };
      }
      session.used.push(session.digest);
      Object.assign(session, { digest: next_digest, expires_at });
      return { session: { session_id, user_id: session.user_id }, ended: [] };
    },
    endSession({ refresh_digest, push_token, everywhere, by }) {
      if (push_token !== undefined) fake.droppedPushTokens.push(push_token);
      fake.changedBy = by;
      const { user_id } =
        [...fake.sessions.values()].find(({ digest }) => digest === refresh_digest) ?? {};
      return endSessions((session) =>
        everywhere ? session.user_id === user_id : session.digest === refresh_digest,
      );
    },

    createAgent({ name, description, model, access = 'everyone', key_id, key_hash, by }) {
      const id = `agt_${++ids}`;
      fake.keys.set(key_id, { agent_id: id, key_hash, expires_at: null });
      fake.changedBy = by;
      return {
        id,
        name,
        description: description ?? null,
        model: model ?? null,
        created_at: new Date().toISOString(),
        access,
      };
    },
    createAgentKey({ agent_id, key_id, key_hash, name, expires_at, replaces, overlap_s, by }) {
      fake.keys.set(key_id, { agent_id, key_hash, expires_at });
      fake.changedBy = by;
      const isRevoked = replaces !== undefined && overlap_s === 0 && fake.keys.delete(replaces);
      const key = {
        key_id,
        name,
        created_at: new Date().toISOString(),
        last_used_at: null,
        expires_at,
        revoked_at: null,
      };
      return { key, ended: isRevoked ? [{ identity_id: agent_id, credential_id: replaces }] : [] };
    },
    findAgentKey: ({ key_id }) => ({ key: fake.keys.get(key_id) ?? null }),

    recordAudit({ records }) {
      fake.audit.push(...records);
      return {};
    },
    lastConnected: () => ({ at: {} }),
  };
}

function failing<H extends object>(handlers: H, failure: () => AppError | undefined): H {
  return new Proxy(handlers, {
    get(target, name, receiver) {
      const error = failure();
      if (error) throw error;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}
