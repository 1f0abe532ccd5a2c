import type { Handlers } from '@agent-messenger/contracts';
import { messagesCalls } from '@agent-messenger/contracts';
import { AppError, createLogger, Scope, serveInternal } from '@agent-messenger/service-kit';
import { Registry } from 'prom-client';

const calls = {
  createUser: messagesCalls.createUser,
  findUser: messagesCalls.findUser,
  createSession: messagesCalls.createSession,
  rotateSession: messagesCalls.rotateSession,
  endSession: messagesCalls.endSession,
  createAgent: messagesCalls.createAgent,
  findAgentKey: messagesCalls.findAgentKey,
  lastConnected: messagesCalls.lastConnected,
};

/** The part of the messages service that auth uses, in memory. What it stores is open to tests. */
export interface FakeMessages {
  url: string;
  users: Map<string, { user_id: string; password_hash: string }>;
  sessions: Map<string, { user_id: string; digest: string; used: string[]; expires_at: string }>;
  keys: Map<string, { agent_id: string; key_hash: string }>;
  droppedPushTokens: string[];
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
    failure: undefined,
    close: () => scope.close(),
  };
  let ids = 0;

  const handlers: Handlers<typeof calls> = {
    createUser({ username, password_hash }) {
      if (fake.users.has(username)) throw new AppError('conflict', 'The username is taken');
      const user_id = `usr_${++ids}`;
      fake.users.set(username, { user_id, password_hash });
      return { user_id, username };
    },
    findUser: ({ username }) => ({ user: fake.users.get(username) ?? null }),
    createSession({ user_id, refresh_digest, expires_at }) {
      const session_id = `ses_${++ids}`;
      fake.sessions.set(session_id, { user_id, digest: refresh_digest, used: [], expires_at });
      return { session_id };
    },
    rotateSession({ refresh_digest, next_digest, expires_at }) {
      for (const [session_id, session] of fake.sessions) {
        if (session.used.includes(refresh_digest)) fake.sessions.delete(session_id);
        else if (session.digest === refresh_digest) {
          session.used.push(session.digest);
          Object.assign(session, { digest: next_digest, expires_at });
          return { session_id, user_id: session.user_id };
        }
      }
      throw new AppError('unauthorized', 'The refresh token is not valid');
    },
    endSession({ refresh_digest, push_token }) {
      if (push_token !== undefined) fake.droppedPushTokens.push(push_token);
      for (const [credential_id, { digest, user_id: identity_id }] of fake.sessions) {
        if (digest !== refresh_digest) continue;
        fake.sessions.delete(credential_id);
        return { ended: { identity_id, credential_id } };
      }
      return { ended: null };
    },
    createAgent({ name, description, model, key_id, key_hash }) {
      const id = `agt_${++ids}`;
      fake.keys.set(key_id, { agent_id: id, key_hash });
      return {
        id,
        name,
        description: description ?? null,
        model: model ?? null,
        created_at: new Date().toISOString(),
      };
    },
    findAgentKey: ({ key_id }) => ({ key: fake.keys.get(key_id) ?? null }),
    lastConnected: () => ({ at: {} }),
  };

  const server = await serveInternal({
    config: { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET: secret },
    log,
    scope,
    metrics: new Registry(),
    calls,
    handlers: failing(handlers, () => fake.failure),
  });
  server.ready();
  fake.url = `http://127.0.0.1:${server.port}`;
  return fake;
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
