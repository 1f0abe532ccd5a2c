import type { RouteContract } from '@agent-messenger/contracts';
import {
  AuditLog,
  createHttpServer,
  type Dependencies,
  type ServiceContext,
} from '@agent-messenger/service-kit';
import type { RequestHandler } from 'express';
import type { IncomingMessage, Server } from 'node:http';
import proxyaddr from 'proxy-addr';
import type { Server as SocketIoServer } from 'socket.io';
import type { GatewayConfig } from './config';
import type { Admission } from './connections/admission';
import type { GatewayContext } from './context';
import { createDispatch } from './dispatch';
import { requestHandlers } from './events';
import { Callers } from './http/callers';
import { createRestServer } from './http/rest-server';
import type { GatewayMetrics } from './metrics';
import { observeDispatch } from './observe-dispatch';
import type { RateLimits } from './rate-limits';
import { routeHandlers } from './routes';
import { Handshake } from './sockets/handshake';
import { OpenTransports } from './sockets/open-transports';
import { createOriginCheck } from './sockets/origin';
import { PlainServer } from './sockets/plain-server';
import { SocketServer } from './sockets/socket-server';
import { attachToUpgrades, routeUpgrades } from './sockets/upgrade-router';

interface EntryOptions {
  context: GatewayContext;
  admission: Admission;
  limits: RateLimits;
  io: SocketIoServer;
  measured: GatewayMetrics;
  dependencies: Dependencies;
}

export interface Entry {
  /** REST and sockets, for everybody. */
  http: Server;
  /** Of both transports, on `http`. */
  sockets: [SocketServer, PlainServer];
  /** Admin routes for the internal port, when they are not on the public one. */
  internalRest: RequestHandler | undefined;
}

/** What people, agents and operators reach: routes and sockets, their callers checked and counted. */
export function createEntry(
  config: GatewayConfig,
  { context, admission, limits, io, measured, dependencies }: EntryOptions,
  { log, scope, metrics, tracing }: ServiceContext,
): Entry {
  const { CORS_ORIGINS: corsOrigins = [], TRUST_PROXY = [] } = config;
  const isTrusted = proxyaddr.compile(TRUST_PROXY);
  const trustProxy = (address: string) => isTrusted(address, 0);
  const clientIp = (request: IncomingMessage) => proxyaddr(request, trustProxy);

  const audit = new AuditLog({ store: context.messages, dropped: measured.auditDropped, log });
  scope.defer('audit log', () => audit.close());
  const callers = new Callers({
    authenticator: context.authenticator,
    wrongKeys: limits.wrongKeys,
    audit,
    adminKey: config.ADMIN_API_KEY,
  });
  const routesOn = (serves: (route: RouteContract) => boolean) =>
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
  attachToUpgrades(io, http);
  const socketIo = new SocketServer(io, { handshake, dispatch, clientIp });
  const plain = new PlainServer({ handshake, dispatch, clientIp, log });
  const isOriginAllowed = createOriginCheck(corsOrigins);
  const transports = new OpenTransports(config);
  routeUpgrades(http, { io, plain, handshake, isOriginAllowed, transports, clientIp });
  return {
    http,
    sockets: [socketIo, plain],
    internalRest: hidesAdmin ? routesOn(({ caller }) => caller === 'admin') : undefined,
  };
}
