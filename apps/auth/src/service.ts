import { authCalls, messagesCalls } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  connectRedis,
  createClient,
  createTokenIssuer,
  serveInternal,
} from '@agent-messenger/service-kit';
import { ApiKeyVerifier } from './api-key-verifier';
import { agentTokenCall } from './calls/agent-token';
import { createAgentCall } from './calls/create-agent';
import { loginCall } from './calls/login';
import { logoutCall } from './calls/logout';
import { refreshCall } from './calls/refresh';
import { registerCall } from './calls/register';
import { verifyApiKeyCall } from './calls/verify-api-key';
import type { Config } from './config';
import { createFailedAttempts } from './failed-attempts';
import { createHasher } from './hasher';
import { createMetrics } from './metrics';
import { createSessions } from './sessions';

/** An agent's token is short whatever people's are: it stands in for a key that can be revoked. */
const AGENT_TOKEN_MAX_S = 300;

export async function startAuth(
  config: Config,
  { log, scope, metrics: registry }: ServiceContext,
): Promise<Running> {
  const metrics = createMetrics(registry);
  const redis = await connectRedis(config.REDIS_URL, {
    name: 'auth limits',
    log,
    scope,
    // A login waits this long at most for a Redis that hangs, then counts in this process.
    options: { commandTimeout: 500 },
  });
  const store = createClient(messagesCalls, {
    url: config.MESSAGES_URL,
    service: 'messages',
    secret: config.INTERNAL_JWT_SECRET,
    scope,
  });
  const hasher = await createHasher({
    cost: config.BCRYPT_COST,
    concurrency: config.BCRYPT_CONCURRENCY,
    maxWaiting: config.BCRYPT_QUEUE,
    seconds: metrics.bcryptSeconds,
  });
  const failedAttempts = (what: string) =>
    createFailedAttempts({
      redis,
      keyPrefix: `${config.REDIS_PREFIX}:failed:${what}`,
      max: config.FAILED_ATTEMPTS_MAX,
      windowSeconds: config.FAILED_ATTEMPTS_WINDOW_S,
    });
  const issuer = (ttlSeconds: number) =>
    createTokenIssuer({ secret: config.JWT_SECRET, ttlSeconds });

  const sessions = createSessions({
    store,
    issueToken: issuer(config.ACCESS_TOKEN_TTL_S),
    refreshTtlSeconds: config.REFRESH_TOKEN_TTL_S,
  });
  const apiKeys = new ApiKeyVerifier({
    store,
    hasher,
    attempts: failedAttempts('key'),
    outcomes: metrics.apiKeys,
  });

  const server = await serveInternal({
    config,
    log,
    scope,
    metrics: registry,
    calls: authCalls,
    handlers: {
      register: registerCall(store, hasher),
      login: loginCall({
        store,
        hasher,
        sessions,
        attempts: failedAttempts('login'),
        outcomes: metrics.logins,
      }),
      refresh: refreshCall(sessions),
      logout: logoutCall(store),
      agentToken: agentTokenCall(
        apiKeys,
        issuer(Math.min(config.ACCESS_TOKEN_TTL_S, AGENT_TOKEN_MAX_S)),
      ),
      verifyApiKey: verifyApiKeyCall(apiKeys),
      createAgent: createAgentCall(store, hasher),
    },
    dependencies: {
      redis: () => redis.ping(),
      messages: () => store.lastConnected({ ids: [] }),
    },
  });
  server.ready();
  return { internalPort: server.port };
}
