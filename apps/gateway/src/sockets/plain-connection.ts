import type {
  CloseCode,
  ServerEventName,
  ServerEventPayload,
  WireError,
} from '@agent-messenger/contracts';
import type { Socket as TcpSocket } from 'node:net';
import type { WebSocket } from 'ws';
import type { CloseManner, LiveConnection } from '../connections/live-connection';
import { waitForDrain } from './wait-for-drain';

/** Why a connection is closed, as a WebSocket close code. */
const STATUS: Partial<Record<CloseCode, number>> = {
  unauthorized: 4401,
  token_expired: 4401,
  revoked: 4401,
  invalid_payload: 4401,
  forbidden: 4403,
  slow_consumer: 4408,
  replaced: 4409,
  draining: 4410,
  lease_lost: 4410,
  max_age: 4410,
  rate_limited: 4429,
  unavailable: 4503,
};

/** A plain WebSocket as a live connection: frames `{type, data, id?}`. */
export class PlainConnection implements LiveConnection {
  /** It no longer answered pings. */
  wasSilent = false;
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
    this.write({ type: 'ack', id, data });
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
    this.socket.send(JSON.stringify(frame));
  }
}

/** The WebSocket close code of a reason; what has none of its own is 1011, an internal error. */
export function closeStatus(code: CloseCode): number {
  return STATUS[code] ?? 1011;
}
