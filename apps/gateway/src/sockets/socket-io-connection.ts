import type { ServerEventName, ServerEventPayload } from '@agent-messenger/contracts';
import type { Socket } from 'socket.io';
import type { CloseManner, LiveConnection } from '../connections/live-connection';

/** A close that the peer does not complete within this is cut. */
const CLOSE_MS = 2_000;

/** What Engine.IO's types leave out: the WebSocket under the transport. */
interface WebSocketTransport {
  socket?: { bufferedAmount: number; terminate(): void };
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
    let bytes = this.webSocket?.bufferedAmount ?? 0;
    const { writeBuffer } = this.engine as unknown as EngineBuffer;
    for (const { data } of writeBuffer) bytes += data?.length ?? 0;
    return bytes;
  }

  drained(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (drained: boolean) => {
        clearTimeout(timer);
        this.engine.off('drain', onDrain);
        this.engine.off('close', onClose);
        resolve(drained);
      };
      const onDrain = () => {
        if (this.bufferedBytes() === 0) settle(true);
      };
      const onClose = () => settle(true);
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.engine.on('drain', onDrain);
      this.engine.on('close', onClose);
      if (this.engine.readyState === 'closed') settle(true);
      else onDrain();
    });
  }

  close(manner: CloseManner): void {
    if (manner === 'terminate') {
      // An orderly close would wait for a stalled reader; what was handed over just now still goes to the kernel.
      setImmediate(() => this.terminate());
      return;
    }
    if (manner === 'stay_away') this.socket.disconnect(true);
    else this.engine.close();
    const timer = setTimeout(() => this.terminate(), CLOSE_MS);
    this.engine.once('close', () => clearTimeout(timer));
  }

  terminate(): void {
    if (this.webSocket) this.webSocket.terminate();
    else this.engine.close(true);
  }

  private get engine(): Socket['conn'] {
    return this.socket.conn;
  }

  private get webSocket(): WebSocketTransport['socket'] {
    return (this.engine.transport as unknown as WebSocketTransport).socket;
  }
}
