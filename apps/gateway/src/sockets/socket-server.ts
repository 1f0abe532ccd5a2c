import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Actor, WireError } from '@agent-messenger/contracts';
import { LIMITS } from '@agent-messenger/contracts';
import { AppError, refuseInexactNumbers } from '@agent-messenger/service-kit';
import type { Namespace, Socket } from 'socket.io';
import { Server } from 'socket.io';
import type { Admitted } from '../connections/admission';
import { PageAck } from '../compact/page-ack';
import type { Dispatch } from '../requests/dispatch';
import { EPHEMERAL_NAMESPACE } from '../bus/ephemeral-bus';
import type { EngineSocket } from './socket-io-connection';
import { coalesceWrites } from './coalesce-writes';
import type { ConnectAttempts } from './connect-attempts';
import type { FrameLimits } from './frames/frame-guard';
import { GuardedServer } from './frames/guarded-server';
import { isTangled } from './frames/is-tangled';
import { keepLess } from './keep-less';
import type { Handshake } from './handshake';
import { CREDENTIALS_CHARS, queryHandshake } from './handshake';
import { isGoodbye } from './is-goodbye';
import { cutSilent, longestPong, type PongTimeouts } from './pong-timeouts';
import { isTemporary, RefusedPeers } from './refused-peers';
import { boundClose, guardOf, SocketIoConnection, webSocketOf } from './socket-io-connection';

/**
 * Not attached to a server yet: see `attachToUpgrades`. Engine.IO has one deadline for all pongs, which it tells
 * clients before they say who they are: the longest. Where it is too long for a peer, `cutSilent` has a shorter one.
 */
export function createSocketServer(pongTimeouts: PongTimeouts): Server {
  return new Server({
    transports: ['websocket'],
    pingInterval: LIMITS.pingIntervalMs,
    pingTimeout: longestPong(pongTimeouts),
    maxHttpBufferSize: LIMITS.frameBytes,
    perMessageDeflate: false,
    wsEngine: GuardedServer,
    serveClient: false,
    cleanupEmptyChildNamespaces: true,
    // Engine.IO's own limit would also cut connections whose credentials are being checked; ours is on silence.
    connectTimeout: 60_000,
  });
}

interface SocketServerOptions {
  handshake: Handshake;
  attempts: ConnectAttempts;
  dispatch: Dispatch;
  clientIp(request: IncomingMessage): string;
  frameLimits: FrameLimits;
  pongTimeouts: PongTimeouts;
}

interface Entered {
  admitted: Admitted;
  live: SocketIoConnection;
}

/** The namespaces `/client` and `/agent`: handshake, requests, end. */
export class SocketServer {
  private readonly silence = new WeakMap<EngineSocket, { end(): void }>();
  private readonly known = new WeakSet<EngineSocket>();
  private readonly refused = new RefusedPeers();
  private readonly hear = hearOneConnect(this.known);

  constructor(
    private readonly io: Server,
    private readonly options: SocketServerOptions,
  ) {
    io.engine.on('connection', (engine: EngineSocket) => {
      coalesceWrites(engine);
      boundClose(engine);
      // Before `data`, which Socket.IO listens to.
      engine.on('packet', this.hear);
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
      this.sendAway(socket, this.options.handshake.refusal(reason), next);
    });
  }

  private expectCredentials(engine: EngineSocket): void {
    const timer = setTimeout(() => {
      // What has come by then is read first: that this process was busy is no silence of the peer's.
      setImmediate(() => {
        if (this.silence.has(engine)) engine.close();
      });
    }, LIMITS.handshakeMs);
    const end = () => {
      clearTimeout(timer);
      engine.off('close', end);
    };
    this.silence.set(engine, { end });
    engine.on('close', end);
  }

  private noteWord(engine: EngineSocket): void {
    this.silence.get(engine)?.end();
    this.silence.delete(engine);
  }

  private serve(namespace: Namespace, kind: Actor['kind']): void {
    // Nothing is sent to rooms here: that of each socket would be four tables.
    Object.assign(namespace.adapter, { addAll() {}, delAll() {} });
    const admitted = new WeakMap<Socket, Entered>();
    namespace.use((socket, next) => {
      this.noteWord(socket.conn);
      this.enter(socket, kind).then(
        (result) => {
          admitted.set(socket, result);
          next();
        },
        (refusal: Refused) => this.sendAway(socket, refusal.wire, next),
      );
    });
    namespace.on('connection', (socket) => {
      const result = admitted.get(socket);
      if (!result) return;
      admitted.delete(socket);
      this.known.add(socket.conn);
      this.open(socket, result);
    });
  }

  private sendAway(socket: Socket, refusal: WireError, next: (refusal: Error) => void): void {
    const { conn, handshake } = socket;
    const knowsHints = handshake.auth['retry_hints'] === 1;
    if (isTemporary(refusal) && !knowsHints) return this.refused.letReturn(conn, refusal);
    next(connectError(refusal));
    if (isTemporary(refusal)) closeSoon(conn);
    else this.refused.leaveToGo(conn);
  }

  private async enter(socket: Socket, kind: Actor['kind']): Promise<Entered> {
    const { handshake, attempts, clientIp, pongTimeouts } = this.options;
    const { auth } = socket.handshake;
    const live = new SocketIoConnection(socket, clientIp(socket.request));
    // `?token=` is for people whose client cannot send a handshake payload.
    const { searchParams } = new URL(socket.request.url ?? '', 'http://localhost');
    const mayUseQuery = kind === 'user' && Object.keys(auth).length === 0;
    const payload = (mayUseQuery && queryHandshake(searchParams)) || auth;
    const result = await handshake.enter(kind, payload, live, attempts.of(socket.request));
    if ('refusal' in result) throw new Refused(result.refusal);
    const { admitted } = result;
    const { connection } = admitted;
    // The transport may have gone while the handshake ran.
    if (socket.conn.readyState !== 'open') handshake.leave(connection);
    else {
      const peer = cutSilent(socket.conn, pongTimeouts[kind], longestPong(pongTimeouts));
      socket.conn.on('close', (reason) => {
        connection.leftInOrder ||= isGoodbye(webSocketOf(socket.conn).closeCode);
        handshake.leave(connection, peer.wasSilent || reason === 'ping timeout');
      });
    }
    return { admitted, live };
  }

  private open(socket: Socket, { admitted, live }: Entered): void {
    const { handshake, dispatch } = this.options;
    const { connection } = admitted;
    // There is one namespace to a connection: who leaves it has nothing left, least of all the lease.
    socket.on('disconnect', (reason) => {
      connection.leftInOrder ||= reason === 'client namespace disconnect';
      socket.conn.close();
    });
    // It may have been closed while it was being admitted, and is told so now.
    live.connected();
    if (connection.isClosed) return;
    const guard = guardOf(socket.conn);
    guard.known(this.options.frameLimits, connection);
    socket.onAny((name: string, ...args: unknown[]) => {
      const answered = guard.wasRequest();
      const last = args.at(-1);
      const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : undefined;
      const payload = typeof args[0] === 'function' ? undefined : args[0];
      void dispatch(connection, name, payload, ack !== undefined)
        .then((answer) => ack?.(answer instanceof PageAck ? answer.parse() : answer))
        .finally(answered);
    });
    keepLess(socket);
    handshake.begin(admitted);
  }
}

class Refused extends Error {
  constructor(readonly wire: WireError) {
    super(wire.message);
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
/** Nothing in the protocol is binary: what comes all the same gets its answer, and waits for that in memory. */
const ATTACHMENT_BYTES = 16 * 1024;

/**
 * Until its peer is known a connection is heard once, and that must be a CONNECT no larger than credentials; afterwards
 * it has no further one. All else ends it unheard: what is parsed, kept until its attachments are there, or makes a
 * namespace and a socket is not for strangers.
 */
function hearOneConnect(known: WeakSet<EngineSocket>) {
  const heard = new WeakSet<EngineSocket>();
  return function hear(this: EngineSocket, packet: { type: string; data?: string | Buffer }): void {
    const { type, data } = packet;
    if (type !== 'message') return;
    const isConnect = typeof data === 'string' && data.startsWith(CONNECT);
    const isLarge = typeof data !== 'string' && (data?.length ?? 0) > ATTACHMENT_BYTES;
    const isReadable = typeof data !== 'string' || !isTangled(data);
    const isHeard = known.has(this)
      ? !isConnect && !isLarge && isReadable
      : !heard.has(this) && isConnect && data.length <= CREDENTIALS_CHARS;
    if (isHeard) {
      if (!known.has(this)) heard.add(this);
      // The same object is what Socket.IO goes on to parse.
      if (typeof data === 'string') packet.data = refuseInexactNumbers(data);
      return;
    }
    this.removeAllListeners('data');
    this.close();
  };
}
