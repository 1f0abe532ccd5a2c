import { authCalls, messagesCalls } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  AuditLog,
  createClient,
  createTokenIssuer,
  liveRedis,
  openInternalServer,
  RedisEndpoint,
} from '@agent-messenger/service-kit';
import { ApiKeyVerifier } from './api-key-verifier';
import { agentTokenCall } from './calls/agent-token';
import { changePasswordCall } from './calls/change-password';
import { createAgentCall } from './calls/create-agent';
import { createAgentKeyCall } from './calls/create-agent-key';
import { createLoginLinkCall } from './calls/create-login-link';
import { deleteAccountCall } from './calls/delete-account';
import { jwksCall } from './calls/jwks';
import { loginCall } from './calls/login';
import { loginByLinkCall } from './calls/login-by-link';
import { logoutCall } from './calls/logout';
import { refreshCall } from './calls/refresh';
import { registerCall } from './calls/register';
import { updateUserCall } from './calls/update-user';
import { verifyApiKeyCall } from './calls/verify-api-key';
import type { Config } from './config';
import { createDeviceTokens } from './device-tokens';
import { createFailedAttempts } from './failed-attempts';
import { createHasher } from './hasher';
import { createLoginLinks } from './login-links';
import { createLoginSubjects } from './login-subjects';
import { createMetrics } from './metrics';
import { createPasswordConfirmation } from './password-confirmation';
import { createPasswordPolicy } from './password-policy';
import { createSessions } from './sessions';
import { tokenKeys } from './token-keys';

/** An agent's token is short whatever people's are: it stands in for a key that can be revoked. */
const AGENT_TOKEN_MAX_S = 300;

export async function startAuth(
  config: Config,
  { log, scope, metrics: registry, tracing, version }: ServiceContext,
): Promise<Running> {
  const server = await openInternalServer({
    ...{ config, log, scope, metrics: registry, tracing, version },
  });
  const metrics = createMetrics(registry);
  const endpoint = new RedisEndpoint(liveRedis(config), {
    role: 'live',
    prefix: config.REDIS_PREFIX,
    channels: false,
    log,
    scope,
  });
  // Redis is judged over this one: by what a login waits for, a process that is busy for a moment would give Redis up.
  await endpoint.connect('auth-probe');
  // A login waits this long at most for a Redis that hangs, then counts in this process.
  const redis = await endpoint.connect('auth-limits', { commandTimeout: 500 });
  const store = createClient(messagesCalls, {
    url: config.MESSAGES_URL,
    service: 'messages',
    secret: config.INTERNAL_JWT_SECRET,
    scope,
    tracing,
  });
  const hasher = await createHasher({
    cost: config.BCRYPT_COST,
    concurrency: config.BCRYPT_CONCURRENCY,
    maxWaiting: config.BCRYPT_QUEUE,
    metrics: metrics.bcrypt,
  });
  const audit = new AuditLog({ store, dropped: metrics.auditDropped, log });
  scope.defer('audit log', () => audit.close());
  const attempts = createFailedAttempts({
    redis,
    prefix: config.REDIS_PREFIX,
    windowMs: config.FAILED_ATTEMPTS_WINDOW_S * 1_000,
    waitMs: config.FAILED_ATTEMPTS_WAIT_MS,
    longestWaitMs: config.FAILED_ATTEMPTS_WAIT_MAX_MS,
  });
  const free = config.FAILED_ATTEMPTS_MAX;

  const { signing, published } = tokenKeys(config);
  const issuer = (ttlSeconds: number) => createTokenIssuer({ key: signing, ttlSeconds });
  const sessions = createSessions({
    store,
    issueToken: issuer(config.ACCESS_TOKEN_TTL_S),
    refreshTtlSeconds: config.REFRESH_TOKEN_TTL_S,
  });
  const outcomes = metrics.apiKeys;
  const apiKeys = new ApiKeyVerifier({ store, hasher, attempts, free, audit, outcomes });
  const agentTokenTtl = Math.min(config.ACCESS_TOKEN_TTL_S, AGENT_TOKEN_MAX_S);
  const checkPassword = createPasswordPolicy();
  const devices = createDeviceTokens(config.INTERNAL_JWT_SECRET);
  const links = createLoginLinks(redis, {
    prefix: config.REDIS_PREFIX,
    ttlSeconds: config.LOGIN_LINK_TTL_S,
  });
  const confirm = createPasswordConfirmation({ store, hasher, attempts, free });

  server.serve({
    calls: authCalls,
    handlers: {
      register: registerCall(store, hasher, checkPassword, audit),
      login: loginCall({
        store,
        hasher,
        attempts,
        subjects: createLoginSubjects({ free, freeOfAccount: config.FAILED_ATTEMPTS_MAX_ACCOUNT }),
        devices,
        sessions,
        audit,
        outcomes: metrics.logins,
      }),
      loginByLink: loginByLinkCall({
        ...{ store, links, devices, sessions, audit },
        outcomes: metrics.logins,
      }),
      createLoginLink: createLoginLinkCall(store, links, audit),
      refresh: refreshCall(sessions, audit),
      logout: logoutCall(store),
      changePassword: changePasswordCall({ store, hasher, confirm, checkPassword, audit }),
      deleteAccount: deleteAccountCall(store, confirm, audit),
      updateUser: updateUserCall(store, hasher, checkPassword, audit),
      agentToken: agentTokenCall(apiKeys, issuer(agentTokenTtl)),
      verifyApiKey: verifyApiKeyCall(apiKeys),
      createAgent: createAgentCall(store, hasher, audit),
      createAgentKey: createAgentKeyCall(store, hasher, audit),
      jwks: jwksCall(published),
    },
    dependencies: {
      redis: () => endpoint.check(),
      messages: () => store.lastConnected({ ids: [] }),
    },
  });
  server.ready();
  return { internalPort: server.port };
}
