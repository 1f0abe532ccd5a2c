import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';
import type { Socket } from 'socket.io';
import type { CloseManner, LiveConnection } from '../connections/live-connection';
import type { FrameGuard } from './frames/frame-guard';
import type { GuardedWebSocket } from './frames/guarded-server';
import { waitForDrain } from './wait-for-drain';

/** A close that the peer does not complete within this is cut. */
const CLOSE_MS = 2_000;

export type EngineSocket = Socket['conn'];

interface EngineBuffer {
  writeBuffer: { data?: string | Buffer }[];
}

/** A Socket.IO socket as a live connection. */
export class SocketIoConnection implements LiveConnection {
  /** Until the client's CONNECT is answered it takes no event, and stays away from nothing: both wait for that. */
  private held: (() => void)[] | undefined = [];

  constructor(
    private readonly socket: Socket,
    readonly ip: string,
  ) {}

  get isOpen(): boolean {
    return this.engine.readyState === 'open';
  }

  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    if (this.held) this.held.push(() => this.send(event, payload));
    else this.socket.emit(event, payload);
  }

  /** The CONNECT is answered. */
  connected(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const act of held) act();
  }

  bufferedBytes(): number {
    // Engine.IO keeps what it has not handed to the WebSocket, the WebSocket what the kernel has not taken.
    let bytes = webSocketOf(this.engine).bufferedAmount;
    const { writeBuffer } = this.engine as unknown as EngineBuffer;
    for (const { data } of writeBuffer) bytes += data?.length ?? 0;
    return bytes;
  }

  drained(stallMs: number): Promise<boolean> {
    const { engine } = this;
    const { transport } = engine;
    return waitForDrain(
      {
        bufferedBytes: () => this.bufferedBytes(),
        isClosed: () => engine.readyState === 'closed',
        listen(listener) {
          // The transport says when the kernel has taken what it was given; the engine's own `drain` says less.
          transport.on('drain', listener);
          engine.on('close', listener);
          return () => {
            transport.off('drain', listener);
            engine.off('close', listener);
          };
        },
      },
      stallMs,
    );
  }

  close(manner: CloseManner): void {
    if (manner === 'terminate') {
      // An orderly close would wait for a stalled reader; what was handed over just now still goes to the kernel.
      setImmediate(() => webSocketOf(this.engine).terminate());
      return;
    }
    if (this.held) this.held.push(() => this.close(manner));
    else if (manner === 'stay_away') this.socket.disconnect(true);
    else this.engine.close();
  }

  private get engine(): EngineSocket {
    return this.socket.conn;
  }
}

/** However a close begins: a peer that does not complete it in time is cut. */
export function boundClose(engine: EngineSocket): void {
  engine.close = closeInTime;
}

function closeInTime(this: EngineSocket, discard?: boolean): void {
  if (this.readyState === 'open') {
    // Engine.IO says `close` when it has sent the close frame; only the WebSocket knows when the peer is gone.
    const webSocket = webSocketOf(this);
    const timer = setTimeout(() => webSocket.terminate(), CLOSE_MS);
    webSocket.once('close', () => clearTimeout(timer));
  }
  (Object.getPrototypeOf(this) as EngineSocket).close.call(this, discard);
}

/** What counts its frames. */
export function guardOf(engine: EngineSocket): FrameGuard {
  return webSocketOf(engine).guard;
}

/** `websocket` is the only transport; Engine.IO's types leave out what is below it. */
export function webSocketOf(engine: EngineSocket): GuardedWebSocket {
  return (engine.transport as unknown as { socket: GuardedWebSocket }).socket;
}
