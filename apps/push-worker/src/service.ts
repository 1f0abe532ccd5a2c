import { messagesCalls } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  connectRedis,
  createClient,
  openInternalServer,
  warnOfEviction,
} from '@agent-messenger/service-kit';
import { announce } from './announce';
import { queueUrl, type Config } from './config';
import { createMetrics } from './metrics';
import type { Providers } from './providers/create-providers';
import { createProviders } from './providers/create-providers';
import { startPlatform } from './start-platform';

export async function startPushWorker(
  config: Config,
  context: ServiceContext,
  given?: Providers,
): Promise<Running> {
  const { log, scope, metrics: registry, tracing } = context;
  const server = await openInternalServer({ config, log, scope, metrics: registry, tracing });
  const providers = given ?? createProviders(config, context);
  const redis = await connectRedis(queueUrl(config), { name: 'push queue', log, scope });
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
      redis: () => redis.ping(),
      messages: () => store.lastConnected({ ids: [] }),
    },
  });

  const metrics = createMetrics(registry);
  const deps = { config, redis, store, log, scope, metrics, tracing };
  const workers = [...providers].map(([platform, provider]) =>
    startPlatform(platform, provider, deps),
  );
  // At the same time: one after the other, providers that hang would take longer than there is.
  scope.defer('push workers', () => Promise.all(workers.map((worker) => worker.close())));
  const { WEBPUSH_PUBLIC_KEY: webpush_public_key } = config;
  const push = {
    platforms: [...providers.keys()],
    ...(webpush_public_key !== undefined && { webpush_public_key }),
  };
  await announce({ push, store, log, scope });
  server.ready();
  return { internalPort: server.port };
}
