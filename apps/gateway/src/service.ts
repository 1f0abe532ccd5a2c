import { redisNames } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  listen,
  openInternalServer,
  pingDependency,
  pingService,
} from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { AppendQueue } from './writes/append-queue';
import { Authenticator } from './credentials/authenticate';
import type { GatewayConfig } from './config';
import { Admission } from './connections/admission';
import { CatchUp } from './connections/catch-up';
import type { Connection } from './connections/connection';
import { ConnectionTelemetry } from './connections/connection-telemetry';
import { Connections } from './connections/connections';
import { startCredentialCheck } from './connections/credential-check';
import { DeliveryAttempts } from './connections/delivery-attempts';
import { gatewaysOf } from './connections/gateways-of';
import { Leases } from './connections/leases';
import { ConfirmedCredentials } from './credentials/confirmed-credentials';
import type { GatewayContext } from './context';
import { ConversationCounts } from './limits/conversation-counts';
import { createEntry } from './entry';
import { EphemeralBus, ephemeralAdapter } from './bus/ephemeral-bus';
import { GatewayChannel } from './bus/gateway-channel';
import { MemberCache } from './member-cache';
import { createMetrics } from './metrics';
import { observeAppend } from './writes/observe-append';
import { Activities } from './presence/activities';
import { PresenceService } from './presence/presence';
import { Typists } from './presence/typists';
import { createRateLimits } from './limits/rate-limits';
import { openRedisConnections } from './redis-connections';
import { createServiceClients } from './service-clients';
import { drain } from './sockets/drain';
import { pongTimeoutsOf } from './sockets/pong-timeouts';
import { createSocketServer } from './sockets/socket-server';
import { Streams } from './streams/streams';
import { openWebApp } from './web/web-app';

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

  const io = createSocketServer(pongTimeoutsOf(config));
  const connections = new Connections();
  const bus = new EphemeralBus(io, ephemeralAdapter(redis.ephemeral, config.REDIS_PREFIX, log), {
    ...{ gatewayId, connections, log },
    gatewaysOf: (ids) => gatewaysOf(shared, ids),
  });
  const measured = createMetrics(metrics, {
    connections: () => connections.size,
    waitingOperations: () => appends.waitingOperations,
    streams: () => streams.agents.open.size,
  });
  const stopping = new AbortController();
  scope.defer('appends', () => stopping.abort());
  const appends = new AppendQueue({
    append: observeAppend(append, { seconds: measured.appendSeconds, tracing }),
    batchSize: measured.batchSize,
    ...(tracing && { traceparent: () => tracing.current() }),
    log,
    stopped: stopping.signal,
  });
  const limits = createRateLimits(config, {
    redis: redis.limits,
    conversations: new ConversationCounts(messages, log),
    exceeded: measured.exceeded,
    log,
    scope,
  });
  const presence = new PresenceService({ ...shared, leaseTtlMs: config.LEASE_TTL_MS, messages });
  const leases = new Leases({
    ...shared,
    gatewayId,
    ttlMs: config.LEASE_TTL_MS,
    connections,
    onFailure: () => measured.renewalFailures.inc(),
  });
  const members = new MemberCache(messages.listMembers);
  const typists = new Typists(bus, members, leases);
  const activities = new Activities(bus, members, leases);
  const streams = new Streams({
    ...{ redis: redis.streams, names, log, tracing },
    ...{ messages, appends, bus, members, connections, limits, metrics: measured },
    resumeMs: config.STREAM_RESUME_MS,
    mostMs: config.STREAM_MAX_AGE_MS,
  });
  const catchUp = new CatchUp({
    ...{ messages, presence, streams, log },
    leaseTtlMs: config.LEASE_TTL_MS,
  });
  const admission = new Admission({
    messages,
    connections,
    leases,
    presence,
    typists,
    activities,
    streams,
    appends,
    config,
    limits,
    telemetry: new ConnectionTelemetry({ metrics: measured, tracing }),
    attempts: new DeliveryAttempts({ messages, appends, log }),
    catchUp,
    log,
  });
  const context: GatewayContext = {
    auth,
    messages,
    appends,
    leases,
    presence,
    signals: { typists, activities },
    streams,
    credentials: {
      authenticator: new Authenticator(config, auth),
      confirmed: new ConfirmedCredentials(messages),
    },
  };
  const channel = new GatewayChannel({
    gatewayId,
    names,
    subscriber: redis.subscriber,
    publisher: redis.commands,
    connections,
    presence,
    onEvent(event) {
      members.invalidate(event);
      streams.noteEvent(event);
    },
    onStream: (connection, frame) => streams.readers.offer(connection, frame),
    log,
  });
  const dependencies = {
    redis: async () => {
      await redis.check();
      channel.check();
    },
    messages: () => pingService(config.MESSAGES_URL),
    store: () => pingDependency(config.MESSAGES_URL, 'store'),
    auth: () => pingService(config.AUTH_URL),
  };
  const web = await openWebApp(config, log);
  const entry = createEntry(
    config,
    { context, admission, limits, io, measured, dependencies, web },
    service,
  );

  const recover = (connection: Connection) => void catchUp.recover(connection);
  // Both before the first lease: whoever holds one is told everything here.
  await bus.start();
  await channel.start(scope, (all) => {
    measured.channelGaps.inc();
    all.forEach(recover);
  });
  leases.start(scope, (connection) => {
    measured.leasesRewritten.inc();
    recover(connection);
  });
  startCredentialCheck(scope, { messages, connections, everyMs: config.LEASE_TTL_MS, log });
  presence.start(scope);
  streams.start(scope);
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
