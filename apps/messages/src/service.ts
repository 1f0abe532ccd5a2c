import { messagesCalls, redisNames } from '@agent-messenger/contracts';
import {
  connectRedis,
  openInternalServer,
  openRedis,
  type Running,
  type ServiceContext,
} from '@agent-messenger/service-kit';
import { startAuditRetention } from './audit-retention';
import { createCalls } from './calls';
import type { Config } from './config';
import { EventTraces } from './event-traces';
import { createGroupCommit } from './group-commit';
import { operationMetrics } from './metrics';
import { observeAppends } from './observe-appends';
import { startPurger } from './purger';
import { startPushConsumer } from './push-consumer';
import { createPushDeadLetters } from './push-dead-letters';
import { startPushExpiry } from './push-expiry';
import { openPushQueues } from './push-queues';
import { startRelay } from './relay';
import { startScrubber } from './scrubber';
import { openSqliteStore } from './store/sqlite/sqlite-store';

export async function startMessages(
  config: Config,
  { log, scope, metrics, tracing }: ServiceContext,
): Promise<Running> {
  const internal = await openInternalServer({ config, log, scope, metrics, tracing });
  const names = redisNames(config.REDIS_PREFIX);
  const store = await openSqliteStore({
    path: config.DB_PATH,
    secret: config.INTERNAL_JWT_SECRET,
    log,
    metrics,
  });
  scope.defer('store', () => store.close());

  const redis = await connectRedis(config.REDIS_URL, { name: 'messages-relay', log, scope });
  // Not waited for: pushes can wait, messages cannot.
  const queueRedis = openRedis(config.QUEUE_REDIS_URL ?? config.REDIS_URL, {
    name: 'messages-queue',
    log,
    scope,
  });
  const queues = openPushQueues({ redis: queueRedis, names, log, scope });
  const traces = tracing && { tracing, events: new EventTraces(tracing) };
  const pushConsumer = startPushConsumer({
    store,
    queues,
    log,
    metrics,
    traces: traces?.events,
    graceMs: config.PUSH_GRACE_MS,
  });
  scope.defer('push consumer', () => pushConsumer.stop());
  startPushExpiry({ store, log, scope });
  startAuditRetention({ store, log, scope, days: config.AUDIT_RETENTION_DAYS });

  const relay = startRelay({ store, redis, names, log, metrics, traces: traces?.events });
  scope.defer('relay', () => relay.stop());
  const purger = startPurger({ store, log, onStep: () => relay.wake() });
  scope.defer('purger', () => purger.stop());
  startScrubber({ store, log, scope });
  const groupCommit = createGroupCommit({ store, log, metrics, onCommit: () => relay.wake() });
  scope.defer('group commit', () => groupCommit.drain());

  internal.serve({
    calls: messagesCalls,
    handlers: createCalls({
      store,
      groupCommit: observeAppends(groupCommit, { metrics: operationMetrics(metrics), traces }),
      deadPushes: createPushDeadLetters(queues),
      onCommit: () => relay.wake(),
      onDelete: () => purger.wake(),
    }),
    dependencies: {
      store: () => store.head(),
      redis: () => redis.ping(),
      queue: () => queueRedis.ping(),
    },
  });
  internal.ready();
  return { internalPort: internal.port };
}
