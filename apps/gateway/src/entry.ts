import type { RouteContract } from '@agent-messenger/contracts';
import {
  AuditLog,
  createHttpServer,
  type Dependencies,
  type ServiceContext,
  versionOf,
} from '@agent-messenger/service-kit';
import type { RequestHandler } from 'express';
import type { Server } from 'node:http';
import proxyaddr from 'proxy-addr';
import type { Server as SocketIoServer } from 'socket.io';
import type { GatewayConfig } from './config';
import type { Admission } from './connections/admission';
import type { GatewayContext } from './context';
import { createDispatch } from './requests/dispatch';
import { requestHandlers } from './events';
import { Callers } from './http/callers';
import { underBasePath } from './http/base-path';
import { createClientAddress } from './http/client-address/client-address';
import { docsPages } from './http/docs-pages/docs-pages';
import { ProxyProtocol } from './http/proxy-protocol/proxy-protocol';
import { createRestServer } from './http/rest-server';
import { TcpConnections } from './http/tcp-connections';
import type { GatewayMetrics } from './metrics';
import { observeDispatch } from './requests/observe-dispatch';
import { createForgetPerson } from './connections/forget-person';
import type { RateLimits } from './limits/rate-limits';
import { routeHandlers } from './routes';
import { ConnectAttempts } from './sockets/connect-attempts';
import { Handshake } from './sockets/handshake';
import { OpenTransports } from './sockets/open-transports';
import { createOriginCheck } from './sockets/origin';
import { PlainServer } from './sockets/plain-server';
import { pongTimeoutsOf } from './sockets/pong-timeouts';
import { SocketServer } from './sockets/socket-server';
import { reportRefusedAppends } from './streams/report-refused-appends';
import type { WebApp } from './web/web-app';
import { attachToUpgrades, routeUpgrades } from './sockets/upgrade-router';

interface EntryOptions {
  context: GatewayContext;
  admission: Admission;
  limits: RateLimits;
  io: SocketIoServer;
  measured: GatewayMetrics;
  dependencies: Dependencies;
  web: WebApp;
}

export interface Entry {
  /** REST and sockets, for everybody. */
  http: Server;
  /** Of both transports, on `http`. */
  sockets: [SocketServer, PlainServer];
  /** Admin routes for the internal port: all that are not on the public one. */
  internalRest: RequestHandler;
}

/** Of sockets that have not said who they are, and of what is being closed. */
const SPARE_CONNECTIONS = 2_000;

/** What people, agents and operators reach: routes and sockets, their callers checked and counted. */
export function createEntry(
  config: GatewayConfig,
  { context, admission, limits, io, measured, dependencies, web }: EntryOptions,
  { log, scope, metrics, tracing }: ServiceContext,
): Entry {
  const { CORS_ORIGINS: corsOrigins = [], TRUST_PROXY = [] } = config;
  const compiled = proxyaddr.compile(TRUST_PROXY);
  const isProxy = (address: string) => compiled(address, 0);
  const proxyProtocol = new ProxyProtocol({
    ...{ isProxy, log },
    timeoutMs: config.HTTP_HEADERS_TIMEOUT_MS,
  });
  const clientIp = createClientAddress({
    trusted: TRUST_PROXY,
    header: config.TRUST_PROXY_HEADER,
    sourceOf: (socket) => proxyProtocol.sourceOf(socket),
    log,
  });

  const audit = new AuditLog({ store: context.messages, dropped: measured.auditDropped, log });
  scope.defer('audit log', () => audit.close());
  const callers = new Callers({
    ...context.credentials,
    wrongKeys: limits.wrongKeys,
    audit,
    adminKey: config.ADMIN_API_KEY,
    clientIp,
  });
  const routesOn = (
    serves: (route: RouteContract) => boolean,
    pages: (RequestHandler | undefined)[],
  ) =>
    createRestServer(
      routeHandlers(context, {
        registrationOpen: config.REGISTRATION_OPEN,
        forgetPerson: createForgetPerson(context.leases, limits, log),
        dependencies,
        isDraining: () => admission.isStopping,
        basePath: config.BASE_PATH,
        versions: {
          auth: () => versionOf(config.AUTH_URL),
          messages: () => versionOf(config.MESSAGES_URL),
        },
        log,
      }),
      callers,
      {
        ...{ serves, pages, limits, clientIp, corsOrigins, log, metrics, tracing },
        stallMs: config.HTTP_STALL_TIMEOUT_MS,
      },
    );
  const hidesAdmin = config.ADMIN_ROUTES === 'internal';
  const http = createHttpServer(
    underBasePath(
      routesOn(
        ({ caller, port }) => port === undefined && (caller !== 'admin' || !hidesAdmin),
        [
          config.DOCS_PAGE === 'on' ? docsPages() : undefined,
          web.chat,
          hidesAdmin ? undefined : web.console,
        ],
      ),
      config.BASE_PATH,
    ),
    {
      headersTimeoutMs: config.HTTP_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: config.HTTP_REQUEST_TIMEOUT_MS,
      idleTimeoutMs: config.HTTP_IDLE_TIMEOUT_MS,
      stallTimeoutMs: config.HTTP_STALL_TIMEOUT_MS,
      // `TcpConnections` and `OpenTransports` make room, and answer, before Node.js closes what is beyond this.
      maxConnections: config.MAX_CONNECTIONS + config.MAX_HTTP_CONNECTIONS + SPARE_CONNECTIONS,
    },
  );

  if (config.PROXY_PROTOCOL === 'on') proxyProtocol.listen(http);

  const handshake = new Handshake({
    admission,
    authenticator: context.credentials.authenticator,
    wrongConnects: limits.wrongConnects,
    connects: measured.connects,
    log,
  });
  const dispatch = observeDispatch(
    reportRefusedAppends(
      createDispatch(requestHandlers({ ...context, tracing }), limits, log),
      context.streams.agents,
    ),
    { metrics: measured, tracing },
  );
  attachToUpgrades(io, http);

  new TcpConnections({
    perAddress: config.MAX_HTTP_CONNECTIONS_PER_IP,
    total: config.MAX_HTTP_CONNECTIONS,
    isProxy,
  }).watch(http);
  const frameLimits = {
    framesPerMinute: config.FRAMES_PER_MINUTE,
    bytesPerSecond: config.FRAME_BYTES_PER_SECOND,
  };
  const pongTimeouts = pongTimeoutsOf(config);
  const attempts = new ConnectAttempts(limits);
  const forSockets = { handshake, attempts, dispatch, clientIp, frameLimits, pongTimeouts };
  const socketIo = new SocketServer(io, forSockets);
  const plain = new PlainServer({ ...forSockets, log });
  const isOriginAllowed = createOriginCheck(corsOrigins);
  const transports = new OpenTransports(config);
  routeUpgrades(http, {
    ...{ io, plain, attempts, transports, admission },
    ...{ isOriginAllowed, clientIp, log },
    basePath: config.BASE_PATH,
  });
  return {
    http,
    sockets: [socketIo, plain],
    internalRest: routesOn(
      ({ caller, port }) => caller === 'admin' && (hidesAdmin || port === 'internal'),
      [hidesAdmin ? web.console : undefined],
    ),
  };
}
