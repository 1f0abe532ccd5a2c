import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';
import type { Socket } from 'socket.io';
import type { CloseManner, LiveConnection } from '../connections/live-connection';
import { waitForDrain } from './wait-for-drain';

/** A close that the peer does not complete within this is cut. */
const CLOSE_MS = 2_000;

export type EngineSocket = Socket['conn'];

/** What we use of `ws`, which Engine.IO's types leave out. */
interface WebSocket extends NodeJS.EventEmitter {
  readonly bufferedAmount: number;
  readonly readyState: number;
  readonly CLOSED: number;
  terminate(): void;
}
interface EngineBuffer {
  writeBuffer: { data?: string | Buffer }[];
}

/** A Socket.IO socket as a live connection. */
export class SocketIoConnection implements LiveConnection {
  constructor(
    private readonly socket: Socket,
    readonly ip: string,
  ) {}

  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    this.socket.emit(event, payload);
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
    if (manner === 'stay_away') {
      // Still being admitted: a client only stays away when its handshake is answered, which is about to happen.
      if (!this.socket.connected) return;
      this.socket.disconnect(true);
    }
    closeEngine(this.engine);
  }

  private get engine(): EngineSocket {
    return this.socket.conn;
  }
}

/** Closes in order, after what is buffered was written; a peer that does not take part in time is cut. */
export function closeEngine(engine: EngineSocket): void {
  const webSocket = webSocketOf(engine);
  engine.close();
  if (webSocket.readyState === webSocket.CLOSED) return;
  // Engine.IO says `close` when it has sent the close frame; only the WebSocket knows when the peer is gone.
  const timer = setTimeout(() => webSocket.terminate(), CLOSE_MS);
  webSocket.once('close', () => clearTimeout(timer));
}

/** `websocket` is the only transport. */
function webSocketOf(engine: EngineSocket): WebSocket {
  return (engine.transport as unknown as { socket: WebSocket }).socket;
}
