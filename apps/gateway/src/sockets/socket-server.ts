import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Actor, WireError } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Namespace, Socket } from 'socket.io';
import { Server } from 'socket.io';
import type { Admitted } from '../connections/admission';
import type { Dispatch } from '../dispatch';
import { EPHEMERAL_NAMESPACE } from '../ephemeral-bus';
import type { EngineSocket } from './socket-io-connection';
import { coalesceWrites } from './coalesce-writes';
import type { Handshake } from './handshake';
import { CREDENTIALS_CHARS } from './handshake';
import { boundClose, SocketIoConnection } from './socket-io-connection';

/** Not attached to a server yet: see `attachToUpgrades`. */
export function createSocketServer(): Server {
  return new Server({
    transports: ['websocket'],
    pingInterval: LIMITS.pingIntervalMs,
    pingTimeout: LIMITS.pingTimeoutMs,
    maxHttpBufferSize: LIMITS.frameBytes,
    perMessageDeflate: false,
    serveClient: false,
    cleanupEmptyChildNamespaces: true,
    // Engine.IO's own limit would also cut connections whose credentials are being checked; ours is on silence.
    connectTimeout: 60_000,
  });
}

interface SocketServerOptions {
  handshake: Handshake;
  dispatch: Dispatch;
  clientIp(request: IncomingMessage): string;
}

interface Entered {
  admitted: Admitted;
  live: SocketIoConnection;
}

/** The namespaces `/client` and `/agent`: handshake, requests, end. */
export class SocketServer {
  private readonly silence = new WeakMap<EngineSocket, NodeJS.Timeout>();
  private readonly known = new WeakSet<EngineSocket>();

  constructor(
    private readonly io: Server,
    private readonly options: SocketServerOptions,
  ) {
    io.engine.on('connection', (engine: EngineSocket) => {
      coalesceWrites(engine);
      boundClose(engine);
      hearOneConnect(engine, () => this.known.has(engine));
      this.expectCredentials(engine);
    });
    this.serve(io.of('/client'), 'user');
    this.serve(io.of('/agent'), 'agent');
    this.refuse(io.of('/'));
    this.refuse(io.of(EPHEMERAL_NAMESPACE));
    // Any other name: without this Socket.IO refuses it without a code and leaves the connection open.
    this.refuse(io.of(/.*/));
  }

  /** Closes everything, in order where the peer takes part. */
  async close(): Promise<void> {
    const { clients } = this.io.engine as unknown as { clients: Record<string, EngineSocket> };
    const closed = Object.values(clients).map((client) => once(client, 'close'));
    for (const client of Object.values(clients)) client.close();
    await Promise.all(closed);
  }

  private refuse(namespace: Pick<Namespace, 'use'>): void {
    namespace.use((socket, next) => {
      const reason = new AppError('not_found', 'The namespaces are /client and /agent');
      void this.options.handshake.refuse(socket.request, reason).then((refusal) => {
        next(connectError(refusal));
        closeSoon(socket.conn);
      });
    });
  }

  private expectCredentials(engine: EngineSocket): void {
    const timer = setTimeout(() => engine.close(), LIMITS.handshakeMs);
    this.silence.set(engine, timer);
    engine.once('close', () => clearTimeout(timer));
  }

  private serve(namespace: Namespace, kind: Actor['kind']): void {
    const admitted = new WeakMap<Socket, Entered>();
    namespace.use((socket, next) => {
      clearTimeout(this.silence.get(socket.conn));
      this.enter(socket, kind).then(
        (result) => {
          admitted.set(socket, result);
          next();
        },
        (refusal: Error) => {
          next(refusal);
          closeSoon(socket.conn);
        },
      );
    });
    namespace.on('connection', (socket) => {
      const result = admitted.get(socket);
      if (!result) return;
      this.known.add(socket.conn);
      this.open(socket, result);
    });
  }

  private async enter(socket: Socket, kind: Actor['kind']): Promise<Entered> {
    const { handshake, clientIp } = this.options;
    const { auth, query } = socket.handshake;
    const live = new SocketIoConnection(socket, clientIp(socket.request));
    // `?token=` is for people whose client cannot send a handshake payload.
    const useQuery =
      kind === 'user' && Object.keys(auth).length === 0 && query['token'] !== undefined;
    const payload = useQuery ? { token: query['token'] } : auth;
    const result = await handshake.enter(socket.request, kind, payload, live);
    if ('refusal' in result) throw connectError(result.refusal);
    const { admitted } = result;
    // The transport may have gone while the handshake ran.
    if (socket.conn.readyState !== 'open') handshake.leave(admitted);
    else
      socket.conn.once('close', (reason) => handshake.leave(admitted, reason === 'ping timeout'));
    return { admitted, live };
  }

  private open(socket: Socket, { admitted, live }: Entered): void {
    const { handshake, dispatch } = this.options;
    const { connection } = admitted;
    // There is one namespace to a connection: who leaves it has nothing left, least of all the lease.
    socket.once('disconnect', () => socket.conn.close());
    // It may have been closed while it was being admitted, and is told so now.
    live.connected();
    if (connection.isClosed) return;
    socket.onAny((name: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
      const payload = typeof args[0] === 'function' ? undefined : args[0];
      void dispatch(connection, name, payload).then((answer) => ack?.(answer));
    });
    handshake.begin(admitted);
  }
}

/** Socket.IO sends the message and `data` of the error as `connect_error`. */
function connectError({ message, ...data }: WireError): Error {
  return Object.assign(new Error(message), { data });
}

/** After the CONNECT_ERROR packet, which Socket.IO sends in the next tick. */
function closeSoon(engine: EngineSocket): void {
  setImmediate(() => engine.close());
}

/** The first byte of a CONNECT packet. */
const CONNECT = '0';

/**
 * Until its peer is known a connection is heard once, and that must be a CONNECT no larger than credentials; afterwards
 * it has no further one. All else ends it unheard: what is parsed, kept until its attachments are there, or makes a
 * namespace and a socket is not for strangers.
 */
function hearOneConnect(engine: EngineSocket, isKnown: () => boolean): void {
  let isFirst = true;
  // Before `data`, which Socket.IO listens to.
  engine.on('packet', ({ type, data }: { type: string; data?: string | Buffer }) => {
    if (type !== 'message') return;
    const isConnect = typeof data === 'string' && data.startsWith(CONNECT);
    const isHeard = isKnown()
      ? !isConnect
      : isFirst && isConnect && data.length <= CREDENTIALS_CHARS;
    isFirst = false;
    if (isHeard) return;
    engine.removeAllListeners('data');
    engine.close();
  });
}
