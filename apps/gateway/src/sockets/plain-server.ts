import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Actor, WireError } from '@agent-messenger/contracts';
import { frameSchema, LIMITS, PLAIN_SUBPROTOCOL } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { ServerOptions, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Connection } from '../connections/connection';
import type { Dispatch } from '../dispatch';
import type { Handshake } from './handshake';
import { CREDENTIALS_CHARS } from './handshake';
import { HeldFrames } from './held-frames';
import { keepAlive } from './keep-alive';
import { closeStatus, PlainConnection } from './plain-connection';

/** `connected` is not sent in the turn of the upgrade: some clients miss what arrives together with it. */
const GREETING_MS = 10;

/** The types of `ws` do not know `closeTimeout`. */
const OPTIONS: ServerOptions & { closeTimeout: number } = {
  noServer: true,
  maxPayload: LIMITS.frameBytes,
  perMessageDeflate: false,
  autoPong: false,
  /** A close that the peer does not complete within this is cut, ms. */
  closeTimeout: 2_000,
  handleProtocols: (offered) => (offered.has(PLAIN_SUBPROTOCOL) ? PLAIN_SUBPROTOCOL : false),
};

/** What a frame asks for that cannot be read: nothing that exists, but it counts for the limits. */
const MALFORMED = '';
const INVALID_FRAME: WireError = {
  code: 'invalid_payload',
  message: 'A frame is {"type": …, "data": …, "id"?: …}',
};

interface PlainServerOptions {
  handshake: Handshake;
  dispatch: Dispatch;
  clientIp(request: IncomingMessage): string;
  log: Logger;
}

interface Arrival {
  kind: Actor['kind'];
  /** Of the query. */
  token: string | null;
  live: PlainConnection;
  socket: WebSocket;
}

/** The same service for what speaks no Socket.IO: `/client/connect` and `/agent/connect`. */
export class PlainServer {
  private readonly server = new WebSocketServer(OPTIONS);

  constructor(private readonly options: PlainServerOptions) {}

  upgrade(kind: Actor['kind'], request: IncomingMessage, tcp: Duplex, head: Buffer): void {
    const { clientIp, log } = this.options;
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    // An agent's credentials have no place in a URL, which proxies log.
    const token = kind === 'user' ? searchParams.get('token') : null;
    this.server.handleUpgrade(request, tcp, head, (socket) => {
      // What breaks the protocol closes the connection; the error says only that.
      socket.on('error', (error) => log.debug({ reason: error.message }, 'websocket error'));
      const live = new PlainConnection(socket, tcp as TcpSocket, clientIp(request));
      keepAlive(socket, () => (live.wasSilent = true));
      void this.welcome(request, { kind, token, live, socket });
    });
  }

  /** Closes everything, in order where the peer takes part; from now on an upgrade is answered 503. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.server.clients) socket.close(closeStatus('draining'), 'draining');
    await closed;
  }

  private async welcome(
    request: IncomingMessage,
    { kind, token, live, socket }: Arrival,
  ): Promise<void> {
    const { handshake } = this.options;
    const frames = new HeldFrames(socket);
    const presented = token === null ? firstCredentials(frames) : { token };
    const [credentials] = await Promise.all([presented, delay(GREETING_MS)]);
    if (socket.readyState !== socket.OPEN) return;
    const result = await handshake.enter(request, kind, credentials, live);
    if ('refusal' in result) {
      live.error(result.refusal);
      live.close('stay_away', result.refusal.code);
    } else if (socket.readyState === socket.OPEN) {
      const { admitted } = result;
      socket.once('close', () => handshake.leave(admitted, live.wasSilent));
      handshake.begin(admitted);
      return frames.serve((text) => void this.receive(admitted.connection, live, socket, text));
    } else {
      handshake.leave(result.admitted);
    }
    // Nothing more is heard; but the peer's part of the close has to be read.
    frames.serve(() => undefined);
  }

  private async receive(
    connection: Connection,
    live: PlainConnection,
    socket: WebSocket,
    text: string | undefined,
  ): Promise<void> {
    const { dispatch } = this.options;
    // Also after our close frame the peer's frames come in, until it has seen it.
    if (socket.readyState !== socket.OPEN) return;
    if (text === undefined) return socket.close(1003, 'text frames only');
    const frame = frameSchema.safeParse(parseJson(text));
    if (!frame.success) {
      // Who sends garbage and does not read is told so no more often than fits.
      if (connection.isAboveHighWater) return;
      const counted = await dispatch(connection, MALFORMED, undefined);
      const isTooMuch = !counted.ok && counted.error.code === 'rate_limited';
      return live.error(isTooMuch ? counted.error : INVALID_FRAME);
    }
    const { type, data, id } = frame.data;
    const answer = await dispatch(connection, type, data);
    if (id !== undefined) live.ack(id, answer);
  }
}

/** What the first frame presents, or undefined: nothing else is accepted before it, and not for ever. */
async function firstCredentials(frames: HeldFrames): Promise<unknown> {
  const text = (await frames.first(LIMITS.handshakeMs)) ?? '';
  if (text.length > CREDENTIALS_CHARS) return undefined;
  const frame = frameSchema.safeParse(parseJson(text));
  return frame.success && frame.data.type === 'auth' ? frame.data.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
