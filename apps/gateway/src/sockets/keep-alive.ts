import { LIMITS } from '@agent-messenger/contracts';
import type { WebSocket } from 'ws';
import { SharedTimers } from '../connections/shared-timers';

interface KeepAliveOptions {
  /** How long a pong may take, ms. */
  pongTimeoutMs: number;
  /** Called before the peer is cut. */
  onSilent(): void;
}

/** Those that are due in the same second are pinged together. */
const GRAIN_MS = 1_000;

const pings = new SharedTimers<KeptAlive>((one) => one.ping());

/** Pings every 30 s and cuts a peer that does not answer in time. */
export function keepAlive(socket: WebSocket, options: KeepAliveOptions): void {
  const kept = new KeptAlive(socket, options);
  socket.on('pong', () => kept.answered());
  socket.on('close', () => kept.ended());
}

class KeptAlive {
  private nextPing = 0;
  private overdue: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly options: KeepAliveOptions,
  ) {
    this.pingLater();
  }

  ping(): void {
    this.pingLater();
    this.socket.ping();
    this.overdue ??= setTimeout(() => {
      this.options.onSilent();
      this.socket.terminate();
    }, this.options.pongTimeoutMs);
  }

  answered(): void {
    clearTimeout(this.overdue);
    this.overdue = undefined;
  }

  ended(): void {
    pings.delete(this.nextPing, this);
    this.answered();
  }

  private pingLater(): void {
    const now = performance.now();
    const { pingIntervalMs } = LIMITS;
    this.nextPing = Math.floor((now + pingIntervalMs) / GRAIN_MS) * GRAIN_MS;
    pings.add(this.nextPing, this.nextPing - now, this);
  }
}
