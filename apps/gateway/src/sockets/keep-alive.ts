import { LIMITS } from '@agent-messenger/contracts';
import type { WebSocket } from 'ws';
import { SharedTimers } from '../connections/shared-timers';

/** Those that are due in the same second are pinged together. */
const GRAIN_MS = 1_000;

const pings = new SharedTimers<KeepAlive>((one) => one.ping());

/** Pings every 30 s, until the connection ends, and cuts a peer that does not answer in time. */
export class KeepAlive {
  /** It no longer answered, and was cut. */
  wasSilent = false;
  private nextPing = 0;
  private overdue: NodeJS.Timeout | undefined;

  /** @param pongTimeoutMs how long a pong may take, ms */
  constructor(
    private readonly socket: Pick<WebSocket, 'ping' | 'terminate'>,
    private readonly pongTimeoutMs: number,
  ) {
    this.pingLater();
  }

  /** A pong has come. */
  answered(): void {
    clearTimeout(this.overdue);
    this.overdue = undefined;
  }

  end(): void {
    pings.delete(this.nextPing, this);
    this.answered();
  }

  ping(): void {
    this.pingLater();
    this.socket.ping();
    this.overdue ??= setTimeout(() => {
      this.wasSilent = true;
      this.socket.terminate();
    }, this.pongTimeoutMs);
  }

  private pingLater(): void {
    const now = performance.now();
    const { pingIntervalMs } = LIMITS;
    this.nextPing = Math.floor((now + pingIntervalMs) / GRAIN_MS) * GRAIN_MS;
    pings.add(this.nextPing, this.nextPing - now, this);
  }
}
