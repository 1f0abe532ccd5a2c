import { AppError, type Logger, toWireError } from '@agent-messenger/service-kit';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server as SocketIoServer } from 'socket.io';
import type { Admission } from '../connections/admission';
import { notUnderBasePath, stripBasePath } from '../http/base-path';
import { afterAnswers } from './after-answers';
import type { ConnectAttempts } from './connect-attempts';
import type { OpenTransports } from './open-transports';
import type { PlainServer } from './plain-server';
import { refuseUpgrade } from './refuse-upgrade';
import { serveAsHttp } from './serve-as-http';
import { socketPathOf } from './socket-paths';

/**
 * Engine.IO wraps the listeners of requests and answers those to its path itself, past the bounds and limits of REST.
 * Nobody needs that, with WebSockets only: it gets upgrades, from the router, and REST all requests.
 */
export function attachToUpgrades(io: SocketIoServer, http: Server): void {
  const rest = http.listeners('request') as RequestListener[];
  io.attach(http);
  io.engine.use(forgetResponse);
  http.removeAllListeners('request').removeAllListeners('upgrade');
  for (const listener of rest) http.on('request', listener);
}

/**
 * Engine.IO makes a response of each upgrade, for what would like to know of its end; that is told by a listener, which
 * keeps the response, and the request with it, for as long as the connection. Nothing here would.
 */
function forgetResponse({ socket }: IncomingMessage, _response: unknown, next: () => void): void {
  const told = socket.listeners('close').at(-1) as (() => void) | undefined;
  if (told) socket.off('close', told);
  next();
}

interface UpgradeOptions {
  io: SocketIoServer;
  plain: PlainServer;
  attempts: ConnectAttempts;
  transports: OpenTransports;
  admission: Pick<Admission, 'isStopping'>;
  basePath: string;
  isOriginAllowed(request: IncomingMessage): boolean;
  clientIp(request: IncomingMessage): string;
  log: Logger;
}

/**
 * Sends WebSocket upgrades where they belong, as far as there is room and their address has not made too many attempts;
 * other upgrades are answered without one.
 */
export function routeUpgrades(
  http: Server,
  {
    io,
    plain,
    attempts,
    transports,
    admission,
    basePath,
    isOriginAllowed,
    clientIp,
    log,
  }: UpgradeOptions,
): void {
  const inTurn = afterAnswers(http);
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    inTurn(socket, () => {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket')
        return serveAsHttp(http, request, socket, head);
      // Nobody else listens while the attempt is counted.
      const ignore = () => undefined;
      socket.on('error', ignore);
      check(request, socket).then(
        (open) => {
          if (socket.destroyed) return;
          open(request, socket, head);
          socket.off('error', ignore);
        },
        (error: unknown) => refuseUpgrade(socket, asRefusal(error, log)),
      );
    });
  });

  /** @returns what opens the connection @throws AppError when it is not to be opened */
  async function check(request: IncomingMessage, socket: Duplex): Promise<Open> {
    if (!stripBasePath(request, basePath)) throw notUnderBasePath(basePath);
    const open = openerOf(request.url?.split('?')[0] ?? '');
    if (!open) throw new AppError('not_found', 'There is nothing here');
    if (!isOriginAllowed(request)) throw new AppError('forbidden', 'Pages of this origin may not');
    if (admission.isStopping) {
      throw new AppError('unavailable', 'This gateway is draining', { retryAfterMs: 1_000 });
    }
    const ip = clientIp(request);
    transports.take(ip, socket);
    await attempts.take(request, ip);
    return open;
  }

  function openerOf(path: string): Open | undefined {
    const opened = socketPathOf(path);
    if (opened === undefined) return undefined;
    if (opened !== 'socket.io') return plain.upgrade.bind(plain, opened);
    return (request, socket, head) => io.engine.handleUpgrade(request, socket, head);
  }
}

type Open = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

function asRefusal(error: unknown, log: Logger): AppError {
  return error instanceof AppError ? error : AppError.fromWire(toWireError(error, log));
}
