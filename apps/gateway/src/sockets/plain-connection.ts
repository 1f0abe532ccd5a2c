import type {
  CloseCode,
  ServerEventName,
  ServerEventPayload,
  WireError,
} from '@agent-messenger/contracts';
import { CLOSE_STATUS } from '@agent-messenger/contracts';
import type { Socket as TcpSocket } from 'node:net';
import type { WebSocket } from 'ws';
import { PageAck } from '../compact/page-ack';
import type { CloseManner, LiveConnection } from '../connections/live-connection';
import { waitForDrain } from './wait-for-drain';

/** A plain WebSocket as a live connection: frames `{type, data, id?}`. */
export class PlainConnection implements LiveConnection {
  private corked = false;

  constructor(
    private readonly socket: WebSocket,
    private readonly tcp: TcpSocket,
    readonly ip: string,
  ) {}

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    this.write({ type: event, data: payload });
  }

  ack(id: string | number, data: unknown): void {
    if (data instanceof PageAck) this.writeText(data.toFrame(id));
    else this.write({ type: 'ack', id, data });
  }

  error(data: WireError): void {
    this.write({ type: 'error', data });
  }

  bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  drained(stallMs: number): Promise<boolean> {
    const { socket, tcp } = this;
    return waitForDrain(
      {
        bufferedBytes: () => socket.bufferedAmount,
        isClosed: () => socket.readyState === socket.CLOSED,
        listen(listener) {
          tcp.on('drain', listener);
          socket.on('close', listener);
          return () => {
            tcp.off('drain', listener);
            socket.off('close', listener);
          };
        },
      },
      stallMs,
    );
  }

  close(manner: CloseManner, code: CloseCode): void {
    this.socket.close(closeStatus(code), code);
    // An orderly close would wait for a stalled reader; what was handed over just now still goes to the kernel.
    if (manner === 'terminate') setImmediate(() => this.socket.terminate());
  }

  private write(frame: object): void {
    if (this.isOpen) this.writeText(JSON.stringify(frame));
  }

  private writeText(text: string | Buffer): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    // The frames of one turn of the event loop leave in one system call.
    if (!this.corked) {
      this.corked = true;
      this.tcp.cork();
      setImmediate(() => {
        this.corked = false;
        this.tcp.uncork();
      });
    }
    this.socket.send(text, { binary: false });
  }
}

/** The WebSocket close code of a reason; what has none of its own is 1011, an internal error. */
export function closeStatus(code: CloseCode): number {
  const statuses: Partial<Record<CloseCode, number>> = CLOSE_STATUS;
  return statuses[code] ?? 1011;
}
