import pLimit, { type Limit } from 'p-limit';
import type {
  Actor,
  ClientWishes,
  CloseCode,
  Event,
  Receipt,
  ServerEventName,
  ServerEventPayload,
} from '@agent-messenger/contracts';
import { fitEvent } from '../compact/fit-frame';
import { isPast, type Deadline } from './deadline';
import { HeldReceipts } from './held-receipts';
import type { CloseManner, LiveConnection } from './live-connection';
import type { StreamReader } from '../streams/stream-reader';
import type { LogFeed } from './log-feed';
import { SharedTimers } from './shared-timers';
import { TurnQuota } from './turn-quota';

/**
 * Above this many unsent bytes nothing more is handed to the transport: the log keeps what is durable. With one event
 * that goes beyond it, this is what a reader that does not read costs.
 */
export const HIGH_WATER_BYTES = 256 * 1024;

/** Requests of a connection that begin in one turn of the event loop: a few milliseconds of work. */
const REQUESTS_PER_TURN = 50;

/** setTimeout overflows above this and would fire at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Tokens that were issued in the same second run out together. */
const expiries = new SharedTimers<Connection>((connection) => connection.close('token_expired'));

const NOBODY: readonly string[] = [];

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
  /** Until when the lease surely stands. */
  deadline: Deadline;
  live: LiveConnection;
  wishes?: ClientWishes;
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
  /** Reaction events come without their message. */
  readonly isCompact: boolean;
  /** Nothing larger is sent to it. */
  readonly maxFrameBytes: number | undefined;
  /** Ids whose presence this connection is told. */
  watching: readonly string[] = NOBODY;
  /** What an agent calls itself. */
  status: 'online' | 'busy' | 'idle' = 'online';
  /** Requests that have not been answered yet. */
  pendingRequests = 0;
  /** When they begin: who asks for much at once lets others in between. */
  readonly turns = new TurnQuota(REQUESTS_PER_TURN);
  /** The log that it was told it reads; undefined until it is told. */
  logId: string | undefined;
  feed: LogFeed | undefined;
  /** What it is told of the streams of others; undefined as long as that is nothing. */
  streams: StreamReader | undefined;
  /** Whether it is told of them yet. */
  hearsStreams = false;
  /** By the wall clock, ms. */
  readonly since = Date.now();
  private deadline: Deadline;
  /** ms since the epoch. */
  private expiresAt: number | undefined;
  /** By performance.now(), ms. */
  private retiresAt = Infinity;
  /** How long a reader may take nothing while more waits for it than the high-water mark, ms. */
  stallMs = 30_000;
  private pageLimit: Limit | undefined;
  private pagesUnderWay = 0;
  private receipts: HeldReceipts | undefined;
  private draining: Promise<boolean> | undefined;
  private readonly onClose: ConnectionOptions['onClose'];
  private greeted = false;
  private closed = false;
  private bySameSession = false;
  /** The peer has said good-bye, and was not cut off by whatever it was doing. */
  leftInOrder = false;
  /** With what the server closed it; undefined while it is open, and when the transport went first. */
  closedWith: CloseCode | undefined;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.identity = options.identity;
    this.credentialId = options.credentialId;
    this.epoch = options.epoch;
    this.live = options.live;
    this.isCompact = options.wishes?.compact === 1;
    this.maxFrameBytes = options.wishes?.max_frame_bytes;
    this.deadline = options.deadline;
    this.onClose = options.onClose;
  }

  /** A page of the log on its way to this connection, with few others: what a greedy peer has in memory is bounded. */
  async page<T>(read: () => Promise<T>): Promise<T> {
    this.pageLimit ??= pLimit(2);
    this.pagesUnderWay += 1;
    try {
      return await this.pageLimit(read);
    } finally {
      this.pagesUnderWay -= 1;
      // Most connections read once, when they begin.
      if (this.pagesUnderWay === 0) this.pageLimit = undefined;
    }
  }

  /** Past the lease's deadline another gateway may hold the identity: then nothing is delivered. */
  get isCurrent(): boolean {
    return !this.closed && !isPast(this.deadline);
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

  leaseRenewed(deadline: Deadline): void {
    // Too late: what was to be written since the deadline has been dropped.
    if (!this.isCurrent) return this.close('lease_lost');
    if (deadline.monotonic > this.deadline.monotonic) this.deadline = deadline;
  }

  /** An event of the log, as far as it fits into what the peer takes. */
  sendEvent(event: Event): void {
    const { maxFrameBytes } = this;
    this.send('event', maxFrameBytes === undefined ? event : fitEvent(event, maxFrameBytes));
    this.receipts?.flush();
  }

  /** With the next event, or after a moment. */
  sendReceipt(receipt: Receipt): void {
    if (this.closed) return;
    this.receipts ??= new HeldReceipts((held) => this.sendEphemeral('receipt', held));
    this.receipts.hold(receipt);
  }

  /** The first that it is told. Until then it only marks what it has missed, and nothing but its close is written. */
  greet(greeting: ServerEventPayload<'connected'>): void {
    this.greeted = true;
    this.send('connected', greeting);
  }

  send<N extends ServerEventName>(event: N, payload: ServerEventPayload<N>): void {
    if (this.greeted && this.isCurrent) this.live.send(event, payload);
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
    return this.expiresAt !== undefined;
  }

  /** A connection does not outlive its token. @param expiresAt ms since the epoch, null: never */
  expireAt(expiresAt: number | null): void {
    if (this.expiresAt !== undefined) expiries.delete(this.expiresAt, this);
    this.expiresAt = undefined;
    if (expiresAt === null || this.closed) return;
    this.expiresAt = expiresAt;
    const inMs = Math.min(Math.max(expiresAt - Date.now(), 0), LONGEST_TIMEOUT_MS);
    expiries.add(expiresAt, inMs, this);
  }

  /** Asked to move after this long, so that connections spread over gateways that were added later. */
  limitAge(ms: number): void {
    this.retiresAt = performance.now() + ms;
  }

  /** Looked at once a second: the lease has run out, or its time. */
  closeIfDue(): void {
    if (!this.isCurrent) this.close('lease_lost');
    else if (performance.now() >= this.retiresAt) this.close('max_age', 0);
  }

  /**
   * Waits for a reader above the high-water mark. False when the connection has ended, also because it did not read.
   */
  async hasRoom(): Promise<boolean> {
    if (this.isAboveHighWater) {
      this.draining ??= this.live.drained(this.stallMs).finally(() => (this.draining = undefined));
      if (!(await this.draining)) this.close('slow_consumer');
    }
    return this.isCurrent;
  }

  /** A newer connection has its place. @param sameCredential of a person: it is of the same login */
  replace(sameCredential: boolean): void {
    this.bySameSession = sameCredential && this.identity.kind === 'user';
    this.close('replaced');
  }

  close(code: CloseCode, retryAfterMs?: number): void {
    if (this.closed) return;
    const manner = MANNER[code] ?? 'reconnect';
    if (code === 'replaced') {
      this.live.send('replaced', this.bySameSession ? { same_session: true } : {});
    } else {
      this.live.send('closing', {
        code,
        reconnect: manner !== 'stay_away',
        ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
      });
    }
    this.ended();
    this.closedWith = code;
    this.live.close(manner, code);
    this.onClose?.(code);
  }

  /** The transport is gone, or is being closed: from here on nothing is written. */
  ended(): void {
    this.closed = true;
    this.receipts?.drop();
    this.expireAt(null);
  }
}
