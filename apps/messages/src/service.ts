import { messagesCalls, redisNames } from '@agent-messenger/contracts';
import {
  connectRedis,
  serveInternal,
  type Running,
  type ServiceContext,
} from '@agent-messenger/service-kit';
import { createCalls } from './calls';
import type { Config } from './config';
import { createGroupCommit } from './group-commit';
import { startPushConsumer } from './push-consumer';
import { openPushQueue } from './push-queue';
import { startRelay } from './relay';
import { openSqliteStore } from './store/sqlite/sqlite-store';

export async function startMessages(
  config: Config,
  { log, scope, metrics }: ServiceContext,
): Promise<Running> {
  const names = redisNames(config.REDIS_PREFIX);
  const store = await openSqliteStore({
    path: config.DB_PATH,
    secret: config.INTERNAL_JWT_SECRET,
    log,
    metrics,
  });
  scope.defer('store', () => store.close());

  const redis = await connectRedis(config.REDIS_URL, { name: 'messages-relay', log, scope });
  const queueRedis = await connectRedis(config.QUEUE_REDIS_URL ?? config.REDIS_URL, {
    name: 'messages-queue',
    log,
    scope,
  });
  const queue = await openPushQueue(queueRedis, names, log);
  scope.defer('push queue', () => queue.close());
  const pushConsumer = startPushConsumer({ store, queue, log, graceMs: config.PUSH_GRACE_MS });
  scope.defer('push consumer', () => pushConsumer.stop());

  const relay = startRelay({ store, redis, names, log, metrics });
  scope.defer('relay', () => relay.stop());
  const groupCommit = createGroupCommit({ store, log, metrics, onCommit: () => relay.wake() });
  scope.defer('group commit', () => groupCommit.drain());

  const internal = await serveInternal({
    config,
    log,
    scope,
    metrics,
    calls: messagesCalls,
    handlers: createCalls({ store, groupCommit, onCommit: () => relay.wake() }),
    dependencies: {
      store: () => store.head(),
      redis: () => redis.ping(),
      queue: () => queueRedis.ping(),
    },
  });
  internal.ready();
  return { internalPort: internal.port };
}
