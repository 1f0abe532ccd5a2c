import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Actor, Frame, WireError } from '@agent-messenger/contracts';
import { frameSchema, LIMITS, PLAIN_SUBPROTOCOL } from '@agent-messenger/contracts';
import { refuseInexactNumbers, type Logger } from '@agent-messenger/service-kit';
import type { Connection } from '../connections/connection';
import type { Dispatch } from '../requests/dispatch';
import type { Reservation } from '../limits/rate-limit';
import type { ConnectAttempts } from './connect-attempts';
import type { FrameLimits } from './frames/frame-guard';
import { GuardedServer, type GuardedWebSocket } from './frames/guarded-server';
import { isTangled } from './frames/is-tangled';
import type { Handshake } from './handshake';
import { CREDENTIALS_CHARS, queryHandshake } from './handshake';
import { HeldFrames } from './held-frames';
import { isGoodbye } from './is-goodbye';
import { keepAlive } from './keep-alive';
import { closeStatus, PlainConnection } from './plain-connection';
import type { PongTimeouts } from './pong-timeouts';

/** `connected` is not sent in the turn of the upgrade: some clients miss what arrives together with it. */
const GREETING_MS = 10;

/** What a frame asks for that cannot be read: nothing that exists, but it counts for the limits. */
const MALFORMED = '';
const INVALID_FRAME: WireError = {
  code: 'invalid_payload',
  message: 'A frame is {"type": …, "data": …, "id"?: …}',
};

interface PlainServerOptions {
  pongTimeouts: PongTimeouts;
  handshake: Handshake;
  attempts: ConnectAttempts;
  dispatch: Dispatch;
  clientIp(request: IncomingMessage): string;
  frameLimits: FrameLimits;
  log: Logger;
}

interface Arrival {
  kind: Actor['kind'];
  inQuery: Record<string, unknown> | undefined;
  live: PlainConnection;
  socket: GuardedWebSocket;
  attempt: Reservation | undefined;
}

/** The same service for what speaks no Socket.IO: `/client/connect` and `/agent/connect`. */
export class PlainServer {
  private readonly server = new GuardedServer({
    handleProtocols: (offered) => (offered.has(PLAIN_SUBPROTOCOL) ? PLAIN_SUBPROTOCOL : false),
  });

  constructor(private readonly options: PlainServerOptions) {}

  upgrade(kind: Actor['kind'], request: IncomingMessage, tcp: Duplex, head: Buffer): void {
    const { attempts, clientIp } = this.options;
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    // An agent's credentials have no place in a URL, which proxies log.
    const inQuery = kind === 'user' ? queryHandshake(searchParams) : undefined;
    this.server.handleUpgrade(request, tcp, head, (socket) => {
      if (inQuery) socket.guard.presented();
      const live = new PlainConnection(socket, tcp as TcpSocket, clientIp(request));
      this.watch(kind, socket, live);
      void this.welcome({ kind, inQuery, live, socket, attempt: attempts.of(request) });
    });
  }

  /** Apart: listeners that were made beside the request would keep it as long as the connection. */
  private watch(kind: Actor['kind'], socket: GuardedWebSocket, live: PlainConnection): void {
    const { pongTimeouts, log } = this.options;
    // What breaks the protocol closes the connection; the error says only that.
    socket.on('error', (error) => log.debug({ reason: error.message }, 'websocket error'));
    keepAlive(socket, {
      pongTimeoutMs: pongTimeouts[kind],
      onSilent: () => (live.wasSilent = true),
    });
  }

  /** Closes everything, in order where the peer takes part; from now on an upgrade is answered 503. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.server.clients) socket.close(closeStatus('draining'), 'draining');
    await closed;
  }

  private async welcome({ kind, inQuery, live, socket, attempt }: Arrival): Promise<void> {
    const { handshake } = this.options;
    const frames = new HeldFrames(socket);
    const presented: FirstFrame | Promise<FirstFrame> = inQuery
      ? { credentials: inQuery }
      : firstFrame(frames);
    const [{ credentials, id }] = await Promise.all([presented, delay(GREETING_MS)]);
    if (socket.readyState !== socket.OPEN) return;
    const result = await handshake.enter(kind, credentials, live, attempt);
    if ('refusal' in result) {
      if (id !== undefined) live.ack(id, { ok: false, error: result.refusal });
      live.error(result.refusal);
      live.close('stay_away', result.refusal.code);
    } else if (socket.readyState === socket.OPEN) {
      const { admitted } = result;
      const { connection } = admitted;
      socket.on('close', (code) => {
        connection.leftInOrder = isGoodbye(code);
        handshake.leave(connection, live.wasSilent);
      });
      socket.guard.known(this.options.frameLimits, connection);
      if (id !== undefined) live.ack(id, { ok: true });
      handshake.begin(admitted);
      return frames.serve((text) => void this.receive(connection, live, socket, text));
    } else {
      handshake.leave(result.admitted.connection);
    }
    // Nothing more is heard; but the peer's part of the close has to be read.
    frames.serve(() => undefined);
  }

  private async receive(
    connection: Connection,
    live: PlainConnection,
    socket: GuardedWebSocket,
    text: string | undefined,
  ): Promise<void> {
    // Also after our close frame the peer's frames come in, until it has seen it.
    if (socket.readyState !== socket.OPEN) return;
    if (text === undefined) return socket.close(1003, 'text frames only');
    const answered = socket.guard.wasRequest();
    await this.answer(connection, live, text).finally(answered);
  }

  private async answer(connection: Connection, live: PlainConnection, text: string): Promise<void> {
    const { dispatch } = this.options;
    const frame = frameSchema.safeParse(isTangled(text) ? undefined : parseJson(text));
    if (!frame.success) {
      // Who sends garbage and does not read is told so no more often than fits.
      if (connection.isAboveHighWater) return;
      const counted = await dispatch(connection, MALFORMED, undefined);
      const isTooMuch = !counted.ok && counted.error.code === 'rate_limited';
      return live.error(isTooMuch ? counted.error : INVALID_FRAME);
    }
    const { type, data, id } = frame.data;
    const answer = await dispatch(connection, type, data, id !== undefined);
    if (id !== undefined) live.ack(id, answer);
  }
}

interface FirstFrame {
  credentials?: unknown;
  id?: Frame['id'];
}

/** What it presents, if it is an `auth`: nothing else is accepted before that, and not for ever. */
async function firstFrame(frames: HeldFrames): Promise<FirstFrame> {
  const text = (await frames.first(LIMITS.handshakeMs)) ?? '';
  if (text.length > CREDENTIALS_CHARS) return {};
  const frame = frameSchema.safeParse(parseJson(text));
  if (!frame.success) return {};
  const { type, data, id } = frame.data;
  return { credentials: type === 'auth' ? data : undefined, id };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(refuseInexactNumbers(text));
  } catch {
    return undefined;
  }
}
