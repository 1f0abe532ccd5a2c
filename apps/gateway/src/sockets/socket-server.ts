import type { IncomingMessage } from 'node:http';
import type { Actor, WireError } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { AppError, toWireError } from '@agent-messenger/service-kit';
import type { Logger } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import type { Namespace, Socket } from 'socket.io';
import { Server } from 'socket.io';
import type { Authenticator } from '../authenticate';
import type { Admission, Admitted } from '../connections/admission';
import type { Dispatch } from '../dispatch';
import { EPHEMERAL_NAMESPACE } from '../ephemeral-bus';
import type { RateLimits } from '../rate-limits';
import type { EngineSocket } from './socket-io-connection';
import { coalesceWrites } from './coalesce-writes';
import { closeEngine, SocketIoConnection } from './socket-io-connection';

/** A connection that has more than this unsent when it asks for something is not reading. */
const ABANDONED_BYTES = 8 * 1024 * 1024;

/** Not attached to a server yet: Engine.IO must find the REST listener there and wrap it, or both would answer. */
export function createSocketServer(): Server {
  return new Server({
    transports: ['websocket'],
    pingInterval: LIMITS.pingIntervalMs,
    pingTimeout: LIMITS.pingTimeoutMs,
    maxHttpBufferSize: LIMITS.frameBytes,
    perMessageDeflate: false,
    serveClient: false,
    // Engine.IO's own limit would also cut connections whose credentials are being checked; ours is on silence.
    connectTimeout: 60_000,
  });
}

interface SocketServerOptions {
  authenticator: Authenticator;
  admission: Admission;
  dispatch: Dispatch;
  limits: RateLimits;
  clientIp(request: IncomingMessage): string;
  connects: Counter<'outcome'>;
  log: Logger;
}

/** The namespaces `/client` and `/agent`: handshake, requests, end. */
export class SocketServer {
  /** Engine connections that have presented credentials; each may do so once. */
  private readonly presented = new WeakSet<EngineSocket>();
  private readonly silence = new WeakMap<EngineSocket, NodeJS.Timeout>();

  constructor(
    io: Server,
    private readonly options: SocketServerOptions,
  ) {
    io.engine.on('connection', (engine: EngineSocket) => {
      coalesceWrites(engine);
      this.expectCredentials(engine);
    });
    this.serve(io.of('/client'), 'user');
    this.serve(io.of('/agent'), 'agent');
    this.refuse(io.of('/'));
    this.refuse(io.of(EPHEMERAL_NAMESPACE));
  }

  private refuse(namespace: Namespace): void {
    namespace.use((socket, next) => {
      const error = new AppError('not_found', 'The namespaces are /client and /agent');
      next(connectError(error, this.options.log));
      closeSoon(socket.conn);
    });
  }

  private expectCredentials(engine: EngineSocket): void {
    const timer = setTimeout(() => closeEngine(engine), LIMITS.handshakeMs);
    this.silence.set(engine, timer);
    engine.once('close', () => clearTimeout(timer));
  }

  private serve(namespace: Namespace, kind: Actor['kind']): void {
    const admitted = new WeakMap<Socket, Admitted>();
    namespace.use((socket, next) => {
      if (this.presented.has(socket.conn)) return closeEngine(socket.conn);
      this.presented.add(socket.conn);
      clearTimeout(this.silence.get(socket.conn));
      this.admit(socket, kind).then(
        (result) => {
          admitted.set(socket, result);
          this.options.connects.inc({ outcome: 'accepted' });
          next();
        },
        (error: unknown) => {
          const refusal = connectError(error, this.options.log);
          this.options.connects.inc({ outcome: refusal.data.code });
          next(refusal);
          closeSoon(socket.conn);
        },
      );
    });
    namespace.on('connection', (socket) => {
      const result = admitted.get(socket);
      if (result) this.open(socket, result);
    });
  }

  private async admit(socket: Socket, kind: Actor['kind']): Promise<Admitted> {
    const { authenticator, admission, limits, clientIp, log } = this.options;
    const { auth, query } = socket.handshake;
    const live = new SocketIoConnection(socket, clientIp(socket.request));
    await limits.connects(live.ip);
    admission.checkRoom();
    // `?token=` is for clients that cannot send a handshake payload.
    const payload =
      Object.keys(auth).length === 0 && query['token'] !== undefined
        ? { token: query['token'] }
        : auth;
    const credentials = await authenticator.handshake(kind, payload);
    const result = await admission.admit(credentials, live);
    const leave = () => {
      admission
        .leave(result.connection)
        .catch((error: unknown) => log.error({ err: error }, 'leaving failed'));
    };
    // The transport may have gone while the three steps ran.
    if (socket.conn.readyState === 'open') socket.conn.once('close', leave);
    else leave();
    return result;
  }

  private open(socket: Socket, admitted: Admitted): void {
    const { admission, dispatch, log } = this.options;
    const { connection } = admitted;
    // Closed as replaced while it was being admitted: it has to be told after its CONNECT.
    if (connection.isClosed) {
      socket.emit('replaced', {});
      return void socket.disconnect(true);
    }
    socket.onAny((name: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
      const payload = typeof args[0] === 'function' ? undefined : args[0];
      if (connection.live.bufferedBytes() > ABANDONED_BYTES)
        return connection.close('slow_consumer');
      void dispatch(connection, name, payload).then((answer) => ack?.(answer));
    });
    admission.begin(admitted).catch((error: unknown) => {
      log.error({ err: error }, 'beginning a connection failed');
      connection.close('internal', 1_000);
    });
    // The upgrade request holds headers and buffers for as long as the connection lives.
    (socket.conn as { request: unknown }).request = null;
  }
}

/** Socket.IO sends the message and `data` of the error as `connect_error`. */
function connectError(error: unknown, log: Logger): Error & { data: Omit<WireError, 'message'> } {
  const { message, ...data } = toWireError(error, log);
  return Object.assign(new Error(message), { data });
}

/** After the CONNECT_ERROR packet, which Socket.IO sends in the next tick. */
function closeSoon(engine: EngineSocket): void {
  setImmediate(() => closeEngine(engine));
}
