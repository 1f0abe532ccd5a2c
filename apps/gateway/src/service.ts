import { authCalls, messagesCalls, redisNames } from '@agent-messenger/contracts';
import type { Running, ServiceContext } from '@agent-messenger/service-kit';
import {
  AuditLog,
  connectRedis,
  createClient,
  createHttpServer,
  listen,
  openInternalServer,
  pingService,
} from '@agent-messenger/service-kit';
import type { IncomingMessage } from 'node:http';
import proxyaddr from 'proxy-addr';
import { uuidv7 } from 'uuidv7';
import { AppendQueue } from './append-queue';
import { Authenticator } from './authenticate';
import type { GatewayConfig } from './config';
import { Admission } from './connections/admission';
import type { Connection } from './connections/connection';
import { ConnectionTelemetry } from './connections/connection-telemetry';
import { Connections } from './connections/connections';
import { startCredentialCheck } from './connections/credential-check';
import { withLeaseScripts } from './connections/lease-scripts';
import { Leases } from './connections/leases';
import type { GatewayContext } from './context';
import { ConversationCounts } from './conversation-counts';
import { createDispatch } from './dispatch';
import { EphemeralBus, ephemeralAdapter } from './ephemeral-bus';
import { requestHandlers } from './events';
import { GatewayChannel } from './gateway-channel';
import { Callers } from './http/callers';
import { createRestServer, type RestOptions } from './http/rest-server';
import { MemberCache } from './member-cache';
import { createMetrics } from './metrics';
import { observeAppend } from './observe-append';
import { observeDispatch } from './observe-dispatch';
import { PresenceService } from './presence/presence';
import { createRateLimits } from './rate-limits';
import { routeHandlers } from './routes';
import { drain } from './sockets/drain';
import { Handshake } from './sockets/handshake';
import { OpenTransports } from './sockets/open-transports';
import { createOriginCheck } from './sockets/origin';
import { PlainServer } from './sockets/plain-server';
import { createSocketServer, SocketServer } from './sockets/socket-server';
import { routeUpgrades } from './sockets/upgrade-router';

/** The only public entry: REST and sockets on one port. Holds live connections and nothing that must survive. */
export async function startGateway(
  config: GatewayConfig,
  { log, scope, metrics, tracing }: ServiceContext,
): Promise<Running> {
  const internal = await openInternalServer({ config, log, scope, metrics, tracing });
  // Fresh per boot: what was published for an earlier life of this process is for nobody.
  const gatewayId = uuidv7();
  const names = redisNames(config.REDIS_PREFIX);
  const connect = (name: string, options = {}) =>
    connectRedis(config.REDIS_URL, { name, log, scope, options });
  // What is subscribed is subscribed again by us: then, and only then, the connections look at the log.
  const [redis, subscriber, limiter, ephemeralPublisher, ephemeralSubscriber] = await Promise.all([
    connect('gateway').then(withLeaseScripts),
    connect('gateway-channel', { autoResubscribe: false }),
    connect('gateway-limits', { commandTimeout: 500 }),
    connect('gateway-ephemeral-publisher'),
    connect('gateway-ephemeral-subscriber', {
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
    }),
  ]);

  const { INTERNAL_JWT_SECRET: secret, CORS_ORIGINS: corsOrigins = [], TRUST_PROXY = [] } = config;
  const toMessages = { url: config.MESSAGES_URL, service: 'messages', secret, scope, tracing };
  const messages = createClient(messagesCalls, toMessages);
  // Reads of many slow or greedy connections must not stand in the way of a message.
  const { append } = createClient({ append: messagesCalls.append }, toMessages);
  const auth = createClient(authCalls, {
    url: config.AUTH_URL,
    service: 'auth',
    secret,
    scope,
    tracing,
  });

  const io = createSocketServer();
  const bus = new EphemeralBus(
    io,
    ephemeralAdapter(ephemeralPublisher, ephemeralSubscriber, config.REDIS_PREFIX, log),
  );

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
    redis: limiter,
    conversations: new ConversationCounts(messages, log),
    exceeded: measured.exceeded,
  });
  const presence = new PresenceService({
    redis,
    names,
    leaseTtlMs: config.LEASE_TTL_MS,
    messages,
    log,
  });
  const leases = new Leases({
    redis,
    names,
    gatewayId,
    ttlMs: config.LEASE_TTL_MS,
    connections,
    log,
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

  const isTrusted = proxyaddr.compile(TRUST_PROXY);
  const trustProxy = (address: string) => isTrusted(address, 0);
  const dependencies = {
    redis: () => redis.ping(),
    messages: () => pingService(config.MESSAGES_URL),
    auth: () => pingService(config.AUTH_URL),
  };
  const audit = new AuditLog({ store: messages, dropped: measured.auditDropped, log });
  scope.defer('audit log', () => audit.close());
  const callers = new Callers({
    authenticator: context.authenticator,
    wrongKeys: limits.wrongKeys,
    audit,
    adminKey: config.ADMIN_API_KEY,
  });
  const routesOn = (serves: RestOptions['serves']) =>
    createRestServer(
      routeHandlers(context, { registrationOpen: config.REGISTRATION_OPEN, dependencies, log }),
      callers,
      { serves, limits, trustProxy, corsOrigins, log, metrics, tracing },
    );
  const hidesAdmin = config.ADMIN_ROUTES === 'internal';
  const http = createHttpServer(
    routesOn(({ caller }) => caller !== 'admin' || !hidesAdmin),
    {
      headersTimeoutMs: config.HTTP_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: config.HTTP_REQUEST_TIMEOUT_MS,
      idleTimeoutMs: config.HTTP_IDLE_TIMEOUT_MS,
      maxConnections: config.MAX_CONNECTIONS + config.MAX_HTTP_CONNECTIONS,
    },
  );
  io.attach(http);
  const handshake = new Handshake({
    admission,
    authenticator: context.authenticator,
    limits,
    connects: measured.connects,
    log,
  });
  const dispatch = observeDispatch(createDispatch(requestHandlers(context), limits, log), {
    metrics: measured,
    tracing,
  });
  const clientIp = (request: IncomingMessage) => proxyaddr(request, trustProxy);
  const socketIo = new SocketServer(io, { handshake, dispatch, clientIp });
  const plain = new PlainServer({ handshake, dispatch, clientIp, log });
  const isOriginAllowed = createOriginCheck(corsOrigins);
  const transports = new OpenTransports(config);
  routeUpgrades(http, { io, plain, isOriginAllowed, transports, clientIp });

  const recover = (connection: Connection) => void admission.recover(connection);
  // The channel before the first lease: whoever holds one is told its events here.
  await new GatewayChannel({
    gatewayId,
    names,
    subscriber,
    publisher: redis,
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
  internal.serve({
    dependencies,
    rest: hidesAdmin ? routesOn(({ caller }) => caller === 'admin') : undefined,
  });
  const port = await listen(http, config.PORT, config.HOST, scope);
  scope.defer('sockets', () =>
    drain({
      servers: [socketIo, plain],
      admission,
      connections,
      appends,
      spreadMs: config.DRAIN_SPREAD_MS,
    }),
  );
  internal.ready();
  return { port, internalPort: internal.port };
}
