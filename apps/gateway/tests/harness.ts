import type { Handlers } from '@agent-messenger/contracts';
import { authCalls, redisNames } from '@agent-messenger/contracts';
import {
  AppError,
  connectRedis,
  createTokenIssuer,
  hs256Key,
  loadConfig,
  Scope,
  serveInternal,
} from '@agent-messenger/service-kit';
import type { RedisProcess } from '@agent-messenger/testkit';
import { metricOf, startRedis, TestSocket, TestSocketPlain } from '@agent-messenger/testkit';
import { Registry } from 'prom-client';
import { randomUUID } from 'node:crypto';
import { gatewayConfig } from '../src/config';
import { startGateway } from '../src/service';
import { loggerOf, silent } from './fakes';
import { FakeStore, storeCalls } from './fake-store';

export const JWT_SECRET = 'k3Jx9-zq1Vb7Lw5Rt2Yp8Nd4Hs6Gf0Ac';
export const ADMIN_KEY = 'aB4-mn7Qx2Zw9Lk5Vt8Rp3Yd6Hs1Gf0Jc';
export const API_KEY = 'amk_key1_Secret';
export const INTERNAL_JWT_SECRET = 'i9Wn2-Tq7Xb4Vm1Zr8Lk5Pd3Hs6Gf0Ayc';

/** Auth refuses it, as it does the most common ones. */
export const COMMON_PASSWORD = 'password1';
/** Somebody has it. */
export const TAKEN_USERNAME = 'grace';

/** Of pino. */
const ERROR = 50;

/** The agent of API_KEY. */
export const AGENT = 'agt_1';

export interface TestGateway {
  url: string;
  internalUrl: string;
  /** What it logged, from LOG_LEVEL on, by default `warn`. */
  lines: Record<string, unknown>[];
  /** Those of `lines` that are errors, or worse. */
  readonly errors: Record<string, unknown>[];
  /** As SIGTERM does. */
  close(): Promise<void>;
}

export interface Harness {
  redis: RedisProcess;
  store: FakeStore;
  /** Of everything in Redis. */
  prefix: string;
  scope: Scope;
  /** Another one on the same Redis and store. */
  gateway(env?: NodeJS.ProcessEnv): Promise<TestGateway>;
  /** A token of this person or agent. */
  token(identityId: string, options?: { ttlSeconds?: number; credentialId?: string }): string;
  /** A connection, closed at the end. */
  socket(
    gateway: TestGateway,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    query?: Record<string, string>,
  ): TestSocket;
  /** The same on a plain WebSocket. */
  plain(
    gateway: TestGateway,
    namespace: '/client' | '/agent',
    auth: Record<string, unknown>,
    query?: Record<string, string>,
  ): TestSocketPlain;
  /** A person's connection after `synced`. */
  person(gateway: TestGateway, identityId: string): Promise<TestSocket>;
  agent(gateway: TestGateway): Promise<TestSocket>;
  close(): Promise<void>;
}

/** Real gateways and Redis, with auth and messages as fakes behind real internal ports. */
export async function startHarness(): Promise<Harness> {
  const scope = new Scope(silent);
  const redis = await startRedis();
  scope.defer('redis', () => redis.stop());
  const prefix = randomUUID().slice(0, 8);
  const relay = await connectRedis(redis.url, { name: 'relay', log: silent, scope });
  const store = new FakeStore(relay, redisNames(prefix));
  const config = { INTERNAL_PORT: 0, HOST: '127.0.0.1', INTERNAL_JWT_SECRET };
  const shared = { config, log: silent, scope };
  const messages = await serveInternal({
    ...shared,
    metrics: new Registry(),
    calls: storeCalls,
    handlers: store.handlers(),
    dependencies: { store: () => store.checkCommits() },
  });
  const auth = await serveInternal({
    ...shared,
    metrics: new Registry(),
    calls: fakeAuthCalls,
    handlers: fakeAuth,
  });

  messages.ready();
  auth.ready();

  const token: Harness['token'] = (identityId, { ttlSeconds = 300, credentialId = 'ses_1' } = {}) =>
    createTokenIssuer({ key: hs256Key(JWT_SECRET), ttlSeconds })({ identityId, credentialId })
      .token;
  const socket: Harness['socket'] = ({ url }, namespace, credentials, query = {}) => {
    const one = new TestSocket(url, namespace, credentials, { query });
    scope.defer('socket', () => one.close());
    return one;
  };
  const plain: Harness['plain'] = ({ url }, namespace, credentials, query = {}) => {
    const one = new TestSocketPlain(url, namespace, credentials, { query });
    scope.defer('socket', () => one.close());
    return one;
  };

  return {
    redis,
    store,
    prefix,
    scope,
    token,
    socket,
    plain,
    async gateway(env = {}) {
      const { log, lines } = loggerOf(env['LOG_LEVEL'] ?? 'warn');
      const own = new Scope(log);
      scope.defer('gateway', () => own.close());
      const running = await startGateway(
        loadConfig(gatewayConfig, {
          INTERNAL_JWT_SECRET,
          JWT_SECRET,
          ADMIN_API_KEY: ADMIN_KEY,
          ADMIN_ROUTES: 'public',
          REGISTRATION_OPEN: 'true',
          HOST: '127.0.0.1',
          PORT: '0',
          INTERNAL_PORT: '0',
          REDIS_URL: redis.url,
          REDIS_PREFIX: prefix,
          MESSAGES_URL: `http://127.0.0.1:${messages.port}`,
          AUTH_URL: `http://127.0.0.1:${auth.port}`,
          LOGINS_PER_MINUTE_IP: '1000000',
          REGISTRATIONS_PER_HOUR_IP: '1000000',
          CONNECTS_PER_MINUTE_IP: '1000000',
          WRONG_KEYS_PER_MINUTE_IP: '1000000',
          DRAIN_SPREAD_MS: '50',
          ...env,
        }),
        { log, scope: own, metrics: new Registry() },
      );
      return {
        url: `http://127.0.0.1:${running.port}`,
        internalUrl: `http://127.0.0.1:${running.internalPort}`,
        lines,
        get errors() {
          return lines.filter(({ level }) => Number(level) >= ERROR);
        },
        close: () => own.close(),
      };
    },
    person: (gateway, identityId) =>
      socket(gateway, '/client', { token: token(identityId) }).synced(),
    agent: (gateway) => socket(gateway, '/agent', { api_key: API_KEY }).synced(),
    close: () => scope.close(),
  };
}

/** How many connections a gateway says that it has. */
export function connectionsOf(gateway: TestGateway): Promise<number> {
  return metricOf(gateway, 'gateway_connections');
}

const fakeAuthCalls = {
  register: authCalls.register,
  login: authCalls.login,
  loginByLink: authCalls.loginByLink,
  createLoginLink: authCalls.createLoginLink,
  refresh: authCalls.refresh,
  logout: authCalls.logout,
  agentToken: authCalls.agentToken,
  verifyApiKey: authCalls.verifyApiKey,
  createAgent: authCalls.createAgent,
  createAgentKey: authCalls.createAgentKey,
};

const tokens = {
  access_token: 'access',
  refresh_token: 'refresh',
  token_type: 'Bearer' as const,
  expires_in: 300,
  user_id: 'usr_1',
};

function checkKey(apiKey: string): void {
  if (apiKey !== API_KEY) throw new AppError('unauthorized', 'The API key is not valid');
}

const fakeAuth: Handlers<typeof fakeAuthCalls> = {
  register({ username, password }) {
    if (password === COMMON_PASSWORD) throw new AppError('invalid_payload', 'This is too common');
    if (username === TAKEN_USERNAME) throw new AppError('conflict', 'This username is taken');
    return { user_id: 'usr_1', username };
  },
  login: () => ({ tokens: { ...tokens, device_token: 'device' }, ended: [] }),
  loginByLink: () => ({ tokens: { ...tokens, device_token: 'device' }, ended: [] }),
  createLoginLink: ({ user_id }) => ({
    code: `${user_id}.secret`,
    expires_at: new Date(0).toISOString(),
  }),
  refresh: () => ({ tokens, ended: [] }),
  /** A refresh token names its session: `<identity> <session>`. */
  logout({ refresh_token }) {
    const [identity_id, credential_id] = refresh_token.split(' ');
    return { ended: identity_id && credential_id ? [{ identity_id, credential_id }] : [] };
  },
  agentToken({ api_key }) {
    checkKey(api_key);
    return { access_token: 'access', expires_in: 300, agent_id: AGENT };
  },
  verifyApiKey({ api_key }) {
    checkKey(api_key);
    return { agent_id: AGENT, key_id: 'key1', expires_at: null };
  },
  createAgent: ({ name, description = null, model = null, access = 'everyone' }) => ({
    agent: { id: AGENT, name, description, model, created_at: new Date(0).toISOString(), access },
    api_key: API_KEY,
    key_id: 'key1',
  }),
  createAgentKey: ({ name, expires_at = null }) => ({
    key: {
      key_id: 'key2',
      name,
      created_at: new Date(0).toISOString(),
      last_used_at: null,
      expires_at,
      revoked_at: null,
      api_key: API_KEY,
    },
    ended: [],
  }),
};
