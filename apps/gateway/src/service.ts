import { redisNames } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import { listen, openInternalServer, pingService } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { AppendQueue } from './append-queue';
import { Authenticator } from './authenticate';
import type { GatewayConfig } from './config';
import { Admission } from './connections/admission';
import type { Connection } from './connections/connection';
import { ConnectionTelemetry } from './connections/connection-telemetry';
import { Connections } from './connections/connections';
import { startCredentialCheck } from './connections/credential-check';
import { Leases } from './connections/leases';
import type { GatewayContext } from './context';
import { ConversationCounts } from './conversation-counts';
import { createEntry } from './entry';
import { EphemeralBus, ephemeralAdapter } from './ephemeral-bus';
import { GatewayChannel } from './gateway-channel';
import { MemberCache } from './member-cache';
import { createMetrics } from './metrics';
import { observeAppend } from './observe-append';
import { PresenceService } from './presence/presence';
import { createRateLimits } from './rate-limits';
import { openRedisConnections } from './redis-connections';
import { createServiceClients } from './service-clients';
import { drain } from './sockets/drain';
import { createSocketServer } from './sockets/socket-server';

/** The only public entry: REST and sockets on one port. Holds live connections and nothing that must survive. */
export async function startGateway(
  config: GatewayConfig,
  service: ServiceContext,
): Promise<Running> {
  const { log, scope, metrics, tracing } = service;
  const internal = await openInternalServer({ config, ...service });
  const redis = await openRedisConnections(config, service);
  const { auth, messages, append } = createServiceClients(config, service);
  // Fresh per boot: what was published for an earlier life of this process is for nobody.
  const gatewayId = uuidv7();
  const names = redisNames(config.REDIS_PREFIX);
  const shared = { redis: redis.commands, names, log };

  const io = createSocketServer();
  const bus = new EphemeralBus(io, ephemeralAdapter(redis.ephemeral, config.REDIS_PREFIX, log));
  const connections = new Connections();
  const measured = createMetrics(metrics, {
    connections: () => connections.size,
    waitingOperations: () => appends.waitingOperations,
  });
  const appends = new AppendQueue({
    append: observeAppend(append, { seconds: measured.appendSeconds, tracing }),
    batchSize: measured.batchSize,
    ...(tracing && { traceparent: () => tracing.current() }),
    log,
    onMoved({ receipt, tell }) {
      if (receipt) for (const id of tell) bus.emit(id, 'receipt', receipt);
    },
  });
  const limits = createRateLimits(config, {
    redis: redis.limits,
    conversations: new ConversationCounts(messages, log),
    exceeded: measured.exceeded,
  });
  const presence = new PresenceService({ ...shared, leaseTtlMs: config.LEASE_TTL_MS, messages });
  const leases = new Leases({
    ...shared,
    gatewayId,
    ttlMs: config.LEASE_TTL_MS,
    connections,
    onFailure: () => measured.renewalFailures.inc(),
  });
  const admission = new Admission({
    messages,
    connections,
    leases,
    presence,
    bus,
    appends,
    config,
    limits,
    telemetry: new ConnectionTelemetry({ metrics: measured, tracing }),
    log,
  });
  const context: GatewayContext = {
    auth,
    messages,
    appends,
    bus,
    leases,
    presence,
    authenticator: new Authenticator(config, auth),
    members: new MemberCache(messages.listMembers),
  };
  const dependencies = {
    redis: () => redis.commands.ping(),
    messages: () => pingService(config.MESSAGES_URL),
    auth: () => pingService(config.AUTH_URL),
  };
  const entry = createEntry(
    config,
    { context, admission, limits, io, measured, dependencies },
    service,
  );

  const recover = (connection: Connection) => void admission.recover(connection);
  // The channel before the first lease: whoever holds one is told its events here.
  await new GatewayChannel({
    gatewayId,
    names,
    subscriber: redis.subscriber,
    publisher: redis.commands,
    connections,
    presence,
    members: context.members,
    log,
  }).start(scope, (all) => {
    measured.channelGaps.inc();
    all.forEach(recover);
  });
  leases.start(scope, (connection) => {
    measured.leasesRewritten.inc();
    recover(connection);
  });
  startCredentialCheck(scope, { messages, connections, everyMs: config.LEASE_TTL_MS, log });
  presence.start(scope);
  internal.serve({ dependencies, rest: entry.internalRest });
  const port = await listen(entry.http, config.PORT, config.HOST, scope);
  scope.defer('sockets', () =>
    drain({
      servers: entry.sockets,
      admission,
      connections,
      appends,
      spreadMs: config.DRAIN_SPREAD_MS,
    }),
  );
  internal.ready();
  return { port, internalPort: internal.port };
}
