import pLimit from 'p-limit';
import type {
  Actor,
  CloseCode,
  ServerEventName,
  ServerEventPayload,
} from '@agent-messenger/contracts';
import type { CloseManner, LiveConnection } from './live-connection';
import type { LogFeed } from './log-feed';

/**
 * Above this many unsent bytes nothing more is handed to the transport: the log keeps what is durable. With one event that
 * goes beyond it, this is what a reader that does not read costs.
 */
export const HIGH_WATER_BYTES = 256 * 1024;

/** setTimeout overflows above this and would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How a connection is closed for a reason. `replaced` stands for itself, all others are announced by `closing`. */
const MANNER: Partial<Record<CloseCode, CloseManner>> = {
  replaced: 'stay_away',
  revoked: 'stay_away',
  unauthorized: 'stay_away',
  lease_lost: 'terminate',
  slow_consumer: 'terminate',
};

interface ConnectionOptions {
  id: string;
  identity: Actor;
  credentialId: string;
  epoch: number;
  /** Monotonic time (performance.now()) until which the lease surely stands. */
  deadline: number;
  live: LiveConnection;
  /** Told of its close, unless it ends because the transport has gone. */
  onClose?: (code: CloseCode) => void;
}

/** One authenticated connection of an identity, whatever the transport. */
export class Connection {
  readonly id: string;
  readonly identity: Actor;
  readonly credentialId: string;
  readonly epoch: number;
  readonly live: LiveConnection;
  /** Ids whose presence this connection is told. */
  watching: ReadonlySet<string> = new Set();
  /** What an agent calls itself. */
  status: 'online' | 'busy' | 'idle' = 'online';
  /** Requests that have not been answered yet. */
  pendingRequests = 0;
  /** The log that it was told it reads; undefined until it is told. */
  logId: string | undefined;
  feed: LogFeed | undefined;
  private deadline: number;
  private expiry: NodeJS.Timeout | undefined;
  private retirement: NodeJS.Timeout | undefined;
  /** How long a reader may take nothing while more waits for it than the high-water mark, ms. */
  stallMs = 30_000;
  /** Pages of the log on their way to this connection: what a greedy peer has in memory is bounded. */
  readonly pages = pLimit(2);
  private draining: Promise<boolean> | undefined;
  private readonly onClose: ConnectionOptions['onClose'];
  private closed = false;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.identity = options.identity;
    this.credentialId = options.credentialId;
    this.epoch = options.epoch;
    this.live = options.live;
    this.deadline = options.deadline;
    this.onClose = options.onClose;
  }

  /** Past the lease's deadline another gateway may hold the identity: then nothing is delivered. */
  get isCurrent(): boolean {
    return !this.closed && performance.now() < this.deadline;
  }

  get isClosed(): boolean {
    return this.closed;
  }

  get isAboveHighWater(): boolean {
    return this.roomBytes < 0;
  }

  /** How much may be handed over before the high-water mark; negative above it. */
  get roomBytes(): number {
    return HIGH_WATER_BYTES - this.live.bufferedBytes();
  }

  leaseRenewed(deadline: number): void {
    // Too late: what was to be written since the deadline has been dropped.
    if (!this.isCurrent) return this.close('lease_lost');
    this.deadline = Math.max(this.deadline, deadline);
  }

  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    if (this.isCurrent) this.live.send(event, payload);
  }

  /** For what may be lost: dropped when the reader is slow. */
  sendEphemeral<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    if (!this.isAboveHighWater) this.send(event, payload);
  }

  /** Its cursors mean nothing in another log, of a store that was restored from a backup: the client begins again. */
  expectLog(logId: string): void {
    if (this.logId !== undefined && this.logId !== logId) this.close('unavailable', 0);
  }

  /** Whether it came with a credential that runs out. */
  get hasExpiry(): boolean {
    return this.expiry !== undefined;
  }

  /** A connection does not outlive its token. @param expiresAt ms since the epoch, null: never */
  expireAt(expiresAt: number | null): void {
    clearTimeout(this.expiry);
    if (expiresAt === null || this.closed) return;
    const inMs = Math.min(Math.max(expiresAt - Date.now(), 0), LONGEST_TIMEOUT_MS);
    this.expiry = setTimeout(() => this.close('token_expired'), inMs);
  }

  /** Asked to move after this long, so that connections spread over gateways that were added later. */
  limitAge(ms: number): void {
    if (this.closed) return;
    this.retirement = setTimeout(() => this.close('max_age', 0), Math.min(ms, LONGEST_TIMEOUT_MS));
  }

  /** Waits for a reader above the high-water mark. False when the connection has ended, also because it did not read. */
  async hasRoom(): Promise<boolean> {
    if (this.isAboveHighWater) {
      this.draining ??= this.live.drained(this.stallMs).finally(() => (this.draining = undefined));
      if (!(await this.draining)) this.close('slow_consumer');
    }
    return this.isCurrent;
  }

  close(code: CloseCode, retryAfterMs?: number): void {
    if (this.closed) return;
    const manner = MANNER[code] ?? 'reconnect';
    if (code === 'replaced') this.live.send('replaced', {});
    else {
      this.live.send('closing', {
        code,
        reconnect: manner !== 'stay_away',
        ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
      });
    }
    this.ended();
    this.live.close(manner, code);
    this.onClose?.(code);
  }

  /** The transport is gone, or is being closed: from here on nothing is written. */
  ended(): void {
    this.closed = true;
    clearTimeout(this.expiry);
    clearTimeout(this.retirement);
  }
}
