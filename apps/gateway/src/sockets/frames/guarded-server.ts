import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { LIMITS } from '@agent-messenger/contracts';
import type { ServerOptions } from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import { FrameGuard } from './frame-guard';

/** Who has the connection, without a listener for each kind of event, which takes a tenth of a kibibyte. */
export interface WebSocketListener {
  message(data: Buffer, isBinary: boolean): void;
  pong(): void;
  error(error: Error): void;
  closed(code: number): void;
}

/** A WebSocket whose frames are counted. */
export class GuardedWebSocket extends WebSocket {
  readonly guard = new FrameGuard(this);
  listener: WebSocketListener | undefined;
  /** With what it was closed, from before its listeners are told. */
  closeCode: number | undefined;

  override emit(event: string, ...args: unknown[]): boolean {
    const { guard, listener } = this;
    if (event === 'ping') guard.pinged(args[0] as Buffer);
    else if (event === 'pong') listener?.pong();
    else if (event === 'message') {
      // The first message is the peer's credentials, or nothing is.
      guard.presented();
      listener?.message(args[0] as Buffer, args[1] as boolean);
    } else if (event === 'close') {
      this.closeCode = args[0] as number;
      guard.closed();
      listener?.closed(this.closeCode);
    } else if (event === 'error' && listener) {
      listener.error(args[0] as Error);
      return true;
    }
    return super.emit(event, ...args);
  }
}

/** The types of `ws` do not know `closeTimeout`. */
const OPTIONS: ServerOptions<typeof GuardedWebSocket> & { closeTimeout: number } = {
  noServer: true,
  WebSocket: GuardedWebSocket,
  maxPayload: LIMITS.frameBytes,
  perMessageDeflate: false,
  // Guards answer, as far as it is due.
  autoPong: false,
  /** A close that the peer does not complete within this is cut, ms. */
  closeTimeout: 2_000,
};

/** `ws` set up for both transports alike, Engine.IO's included: each connection is guarded from its first byte on. */
export class GuardedServer extends WebSocketServer<typeof GuardedWebSocket> {
  constructor(options: ServerOptions<typeof GuardedWebSocket> = {}) {
    super({ ...options, ...OPTIONS });
  }

  override handleUpgrade(
    request: IncomingMessage,
    tcp: Duplex,
    head: Buffer,
    take: (webSocket: GuardedWebSocket, request: IncomingMessage) => void,
  ): void {
    // Some clients always send the header; of an empty one `ws` would say that it is invalid.
    if (request.headers['sec-websocket-protocol']?.trim() === '')
      delete request.headers['sec-websocket-protocol'];
    super.handleUpgrade(request, tcp, head, (webSocket) => {
      webSocket.guard.watch(tcp);
      dropTimer(tcp);
      take(webSocket, request);
    });
  }
}

/** Node keeps the timer of HTTP's timeout, which `ws` has stopped, for as long as the connection. */
function dropTimer(tcp: Duplex): void {
  const timer = Object.getOwnPropertySymbols(tcp).find(
    ({ description }) => description === 'timeout',
  );
  if (timer) Object.assign(tcp, { [timer]: null });
}
