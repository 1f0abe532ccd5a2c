import { messagesCalls, redisNames, type OperationResult } from '@agent-messenger/contracts';
import {
  liveRedis,
  openInternalServer,
  queueRedis as queueTarget,
  RedisEndpoint,
  type Running,
  type ServiceContext,
} from '@agent-messenger/service-kit';
import { startAuditRetention } from './background/audit-retention';
import { createCalls } from './calls';
import { createConnectedSession } from './connected-session';
import type { Config } from './config';
import { createDeliveryAttempts } from './delivery-attempts';
import { EventTraces } from './relay/event-traces';
import { createForgetInRedis } from './forget-in-redis';
import { createGroupCommit } from './appends/group-commit';
import { startMaintenance } from './background/maintenance';
import { operationMetrics } from './metrics';
import { observeAppends } from './appends/observe-appends';
import { startPushBacklog } from './push/push-backlog';
import { startPushConsumer } from './push/push-consumer';
import { createPushDeadLetters } from './push/push-dead-letters';
import { startPushExpiry } from './push/push-expiry';
import { createPushQueueFigures } from './push/push-queue-figures';
import { openPushQueues } from './push/push-queues';
import { startRelay } from './relay/relay';
import { openStore } from './store/open-store';

export async function startMessages(
  config: Config,
  { log, scope, metrics, tracing, version }: ServiceContext,
): Promise<Running> {
  const internal = await openInternalServer({
    ...{ config, log, scope, metrics, tracing, version },
  });
  const names = redisNames(config.REDIS_PREFIX);
  const { store, storageState } = await openStore(config, { log, metrics, scope });

  const endpoint = { prefix: config.REDIS_PREFIX, log, scope };
  const live = new RedisEndpoint(liveRedis(config), { ...endpoint, role: 'live', channels: true });
  const redis = await live.connect('messages-relay');
  // A login waits this long at most for a Redis that hangs.
  const leases = await live.connect('messages-leases', { commandTimeout: 500 });
  const queue = new RedisEndpoint(queueTarget(config), {
    ...endpoint,
    role: 'queue',
    channels: false,
  });
  // Not waited for: pushes can wait, messages cannot.
  const queueRedis = queue.open('messages-queue');
  const queues = openPushQueues({
    redis: queueRedis,
    names,
    log,
    scope,
    metrics,
    maxBytes: config.PUSH_QUEUE_MAX_BYTES,
    takesBatches: async () => (await store.pushConfig({})).push?.batches === true,
  });
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
  const pushBacklog = startPushBacklog({ store, queues, log, metrics });
  scope.defer('push backlog', () => pushBacklog.stop());
  startPushExpiry({ store, log, scope });
  startAuditRetention({ store, log, scope, days: config.AUDIT_RETENTION_DAYS });

  const relay = startRelay({ store, redis, names, log, metrics, traces: traces?.events });
  scope.defer('relay', () => relay.stop());
  const purge = startMaintenance({ store, log, scope, onPurge: () => relay.wake() });
  const onCommit = (results: OperationResult[]) => {
    relay.publishPositions(results.flatMap((result) => ('moved' in result ? [result.moved] : [])));
    if (results.some((result) => 'sent' in result)) pushConsumer.wake();
  };
  const groupCommit = createGroupCommit({ store, log, metrics, onCommit });
  scope.defer('group commit', () => groupCommit.drain());

  internal.serve({
    calls: messagesCalls,
    handlers: createCalls({
      store,
      groupCommit: observeAppends(groupCommit, { metrics: operationMetrics(metrics), traces }),
      deadPushes: createPushDeadLetters(queues),
      forgetInRedis: createForgetInRedis({
        ...{ redis, queueRedis, queues, log },
        prefix: config.REDIS_PREFIX,
      }),
      connectedSession: createConnectedSession(leases, names),
      storageState,
      pushQueues: createPushQueueFigures(queues),
      attempts: createDeliveryAttempts({
        store,
        metrics,
        log,
        onMoved: (moved) => relay.publishPositions(moved),
      }),
      traceparentOf: traces && ((event) => traces.events.of(event)),
      onCommit: () => relay.wake(),
      onDelete: () => purge.wake(),
      onReachable: () => pushBacklog.wake(),
    }),
    dependencies: {
      store: () => store.checkCommits(),
      redis: () => live.check(),
      queue: () => queue.check(),
    },
  });
  internal.ready();
  return { internalPort: internal.port };
}
