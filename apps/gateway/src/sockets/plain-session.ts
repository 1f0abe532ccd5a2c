import type { Actor, Frame, WireError } from '@agent-messenger/contracts';
import { frameSchema, LIMITS } from '@agent-messenger/contracts';
import { refuseInexactNumbers, type Logger } from '@agent-messenger/service-kit';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../connections/connection';
import type { Reservation } from '../limits/rate-limit';
import type { Dispatch } from '../requests/dispatch';
import type { FrameLimits } from './frames/frame-guard';
import type { GuardedWebSocket, WebSocketListener } from './frames/guarded-server';
import { isTangled } from './frames/is-tangled';
import { CREDENTIALS_CHARS, type Handshake } from './handshake';
import { HeldFrames } from './held-frames';
import { isGoodbye } from './is-goodbye';
import { KeepAlive } from './keep-alive';
import type { PlainConnection } from './plain-connection';
import type { PongTimeouts } from './pong-timeouts';

/** `connected` is not sent in the turn of the upgrade: some clients miss what arrives together with it. */
const GREETING_MS = 10;

/** What a frame asks for that cannot be read: nothing that exists, but it counts for the limits. */
const MALFORMED = '';
const INVALID_FRAME: WireError = {
  code: 'invalid_payload',
  message: 'A frame is {"type": …, "data": …, "id"?: …}',
};

/** The same for all sessions of a gateway. */
export interface PlainSessionOptions {
  pongTimeouts: PongTimeouts;
  handshake: Handshake;
  dispatch: Dispatch;
  frameLimits: FrameLimits;
  log: Logger;
}

interface Peer {
  kind: Actor['kind'];
  socket: GuardedWebSocket;
  live: PlainConnection;
}

interface Arrival {
  /** Credentials of the URL, where they are there: no frame is waited for. */
  inQuery: Record<string, unknown> | undefined;
  attempt: Reservation | undefined;
}

/** One plain WebSocket, from its upgrade to its end. */
export class PlainSession implements WebSocketListener {
  private readonly kind: Actor['kind'];
  private readonly socket: GuardedWebSocket;
  private readonly live: PlainConnection;
  private readonly frames: HeldFrames;
  private readonly keepAlive: KeepAlive;
  /** Once it is known who that is. */
  private connection: Connection | undefined;

  constructor(
    { kind, socket, live }: Peer,
    private readonly options: PlainSessionOptions,
  ) {
    this.kind = kind;
    this.socket = socket;
    this.live = live;
    this.frames = new HeldFrames(socket);
    this.keepAlive = new KeepAlive(socket, options.pongTimeouts[kind]);
    socket.listener = this;
  }

  async welcome({ inQuery, attempt }: Arrival): Promise<void> {
    const { socket, live, kind, options } = this;
    if (inQuery) socket.guard.presented();
    const presented: FirstFrame | Promise<FirstFrame> = inQuery
      ? { credentials: inQuery }
      : firstFrame(this.frames);
    const [{ credentials, id }] = await Promise.all([presented, delay(GREETING_MS)]);
    if (socket.readyState !== socket.OPEN) return;
    const result = await options.handshake.enter(kind, credentials, live, attempt);
    if ('refusal' in result) {
      if (id !== undefined) live.ack(id, { ok: false, error: result.refusal });
      live.error(result.refusal);
      live.close('stay_away', result.refusal.code);
    } else if (socket.readyState === socket.OPEN) {
      this.connection = result.admitted.connection;
      socket.guard.known(options.frameLimits, this.connection);
      if (id !== undefined) live.ack(id, { ok: true });
      options.handshake.begin(result.admitted);
    } else {
      options.handshake.leave(result.admitted.connection);
    }
    // Of who was refused nothing more is heard; but the peer's part of the close has to be read.
    this.frames.serve(this);
  }

  message(data: Buffer, isBinary: boolean): void {
    // ws hands over a text frame as one Buffer of valid UTF-8.
    this.frames.take(isBinary ? undefined : data.toString('utf8'));
  }

  pong(): void {
    this.keepAlive.answered();
  }

  /** What breaks the protocol closes the connection; the error says only that. */
  error({ message }: Error): void {
    this.options.log.debug({ reason: message }, 'websocket error');
  }

  closed(code: number): void {
    const { connection, keepAlive } = this;
    keepAlive.end();
    if (!connection) return;
    connection.leftInOrder = isGoodbye(code);
    this.options.handshake.leave(connection, keepAlive.wasSilent);
  }

  /** A frame, in its turn; undefined for a binary one. */
  async receive(text: string | undefined): Promise<void> {
    const { connection, socket } = this;
    // Also after our close frame the peer's frames come in, until it has seen it.
    if (!connection || socket.readyState !== socket.OPEN) return;
    if (text === undefined) return socket.close(1003, 'text frames only');
    const answered = socket.guard.wasRequest();
    await this.answer(connection, text).finally(answered);
  }

  private async answer(connection: Connection, text: string): Promise<void> {
    const { live, options } = this;
    const { dispatch } = options;
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
