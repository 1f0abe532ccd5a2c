import { messagesCalls } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  createClient,
  openInternalServer,
  queueRedis,
  RedisEndpoint,
  warnOfEviction,
} from '@agent-messenger/service-kit';
import { announce } from './announce';
import type { Config } from './config';
import { createMetrics } from './metrics';
import type { Providers } from './providers/create-providers';
import { createProviders } from './providers/create-providers';
import { pushStore } from './push-store';
import { startPlatform } from './start-platform';

export async function startPushWorker(
  config: Config,
  context: ServiceContext,
  given?: Providers,
): Promise<Running> {
  const { log, scope, metrics: registry, clock, tracing, version } = context;
  const server = await openInternalServer({
    ...{ config, log, scope, metrics: registry, tracing, version },
  });
  const providers = given ?? (await createProviders(config, context));
  const endpoint = new RedisEndpoint(queueRedis(config), {
    role: 'queue',
    prefix: config.REDIS_PREFIX,
    channels: false,
    log,
    scope,
  });
  const redis = await endpoint.connect('push-queue');
  warnOfEviction(redis, log);
  const store = createClient(messagesCalls, {
    url: config.MESSAGES_URL,
    service: 'messages',
    secret: config.INTERNAL_JWT_SECRET,
    scope,
    tracing,
  });
  server.serve({
    dependencies: {
      redis: () => endpoint.check(),
      messages: () => store.lastConnected({ ids: [] }),
    },
  });

  const metrics = createMetrics(registry);
  const deps = {
    config,
    endpoint,
    redis,
    store: pushStore(store, tracing),
    log,
    scope,
    metrics,
    clock,
    tracing,
  };
  const workers = [...providers].map(([platform, provider]) =>
    startPlatform(platform, provider, deps),
  );
  // At the same time: one after the other, providers that hang would take longer than there is.
  scope.defer('push workers', () => Promise.all(workers.map((worker) => worker.close())));
  const { WEBPUSH_PUBLIC_KEY: webpush_public_key } = config;
  const logged = [...providers]
    .filter(([, { name }]) => name === 'log')
    .map(([platform]) => platform);
  const push = {
    platforms: [...providers.keys()],
    batches: true,
    ...(version !== undefined && { worker_version: version }),
    ...(logged.length > 0 && { logged }),
    ...(webpush_public_key !== undefined && {
      webpush_public_key,
      webpush_origins: config.WEBPUSH_ORIGINS.split(','),
    }),
  };
  await announce({ push, store, log, scope });
  server.ready();
  return { internalPort: server.port };
}
