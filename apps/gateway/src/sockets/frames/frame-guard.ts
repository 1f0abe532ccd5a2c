import { LIMITS } from '@agent-messenger/contracts';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { FrameHeads } from './frame-heads';
import type { FrameHead } from './frame-heads';

/**
 * What a peer may send before it is known, frames of every kind and fragments included. Its credentials are the largest
 * of it (`CREDENTIALS_CHARS`).
 */
const STRANGER_FRAMES = 32;
const STRANGER_BYTES = 24 * 1024;

const WINDOW_MS = 60_000;
/** Seconds of its rate that a peer may send at once: a few of the largest frames. */
const BURST_S = 4;
/** Fragments from this size on are bounded by their bytes alone: some clients send all that is large in pieces. */
const FRAGMENT_BYTES = 1024;
const CONTINUATION = 0;
/** What was under way when we closed: a few of the largest frames. */
const AFTER_CLOSE_BYTES = 2 * 1024 * 1024;
/** So long the close frame has to arrive; a peer that floods is not read until it says that it has seen it. */
const CUT_MS = 1_000;

/** Pongs are for who reads: a peer that has more than this unread gets none. */
const PONGS_UP_TO_BYTES = 8 * 1024 * 1024;

/** What a known peer may send. */
export interface FrameLimits {
  /** Frames that ask for nothing, which no budget of requests counts, in a minute. */
  framesPerMinute: number;
  /** It is read no faster than this. */
  bytesPerSecond: number;
}

/** Whose frames are counted. */
interface Sender {
  /** @param retryAfterMs when it has a whole budget again */
  close(code: 'rate_limited', retryAfterMs: number): void;
}

/**
 * Counts every frame of a WebSocket and its bytes, before anything parses them: whatever is sent is work, and all of it
 * is bounded, also what is no message (control frames, fragments) and what is no request (Socket.IO's acks and
 * attachments, packets of Engine.IO).
 */
export class FrameGuard {
  private readonly heads = new FrameHeads();
  private frames = 0;
  private bytes = 0;
  private hasPresented = false;
  private limits: FrameLimits | undefined;
  private sender: Sender | undefined;
  private windowEnd = 0;
  /** Bytes that may be read at once; below zero nothing is read until it is up again. */
  private allowance = 0;
  private allowedAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private isJudging = false;
  private unanswered = 0;
  /** It has sent faster than it may. */
  private isSlowed = false;
  private bytesAfterClose = 0;

  constructor(private readonly webSocket: WebSocket) {}

  /** @param data of the ping */
  pinged(data: Buffer): void {
    if (this.mayAnswer) this.webSocket.pong(data);
  }

  closed(): void {
    clearTimeout(this.timer);
  }

  /** @param tcp what the frames come over; nothing has been read from it yet */
  watch(tcp: Duplex): void {
    // Before `ws` hears of it.
    tcp.prependListener('data', (chunk: Buffer) => this.read(chunk));
  }

  /** Its credentials are here: while they are looked at, what is too much waits with the peer. */
  presented(): void {
    this.hasPresented = true;
  }

  /** From now on it has the limits of those who are known. */
  known(limits: FrameLimits, sender: Sender): void {
    this.limits = limits;
    this.sender = sender;
    this.frames = 0;
    this.windowEnd = performance.now() + WINDOW_MS;
    this.allowance = BURST_S * limits.bytesPerSecond;
    this.allowedAt = performance.now();
    this.webSocket.resume();
  }

  /**
   * One of the frames was a request, which has budgets of its own. What a peer sends beyond the requests that may wait
   * for their answers is left with it: to refuse each of them would cost as much as to answer it.
   * @returns what is to be called when it is answered
   */
  wasRequest(): () => void {
    this.frames = Math.max(this.frames - 1, 0);
    this.unanswered += 1;
    if (this.isFull) this.webSocket.pause();
    return () => {
      const wasFull = this.isFull;
      this.unanswered -= 1;
      if (wasFull) this.goOn();
    };
  }

  private get isFull(): boolean {
    return this.unanswered >= LIMITS.pendingRequests;
  }

  private get mayAnswer(): boolean {
    const most = this.limits?.framesPerMinute ?? STRANGER_FRAMES;
    return this.frames <= most && this.webSocket.bufferedAmount <= PONGS_UP_TO_BYTES;
  }

  private read(chunk: Buffer): void {
    if (this.webSocket.readyState !== this.webSocket.OPEN) return this.readAfterClose(chunk);
    const now = performance.now();
    if (this.limits && now >= this.windowEnd) {
      this.frames = 0;
      this.windowEnd = now + WINDOW_MS;
    }
    this.heads.read(chunk, (head) => {
      if (isCounted(head)) this.frames += 1;
    });
    if (this.limits) this.slowDown(this.limits, chunk.length, now);
    else this.bytes += chunk.length;
    if (!this.isTooMuch || this.isJudging) return;
    // What of it was credentials or requests is known when it has been parsed.
    this.isJudging = true;
    setImmediate(() => this.judge());
  }

  /** It is read for the peer's part of the close alone. */
  private readAfterClose(chunk: Buffer): void {
    this.bytesAfterClose += chunk.length;
    if (this.bytesAfterClose > AFTER_CLOSE_BYTES) this.webSocket.pause();
  }

  private get isTooMuch(): boolean {
    if (this.limits) return this.frames > this.limits.framesPerMinute;
    return this.frames > STRANGER_FRAMES || this.bytes > STRANGER_BYTES;
  }

  private slowDown({ bytesPerSecond }: FrameLimits, bytes: number, now: number): void {
    const refilled = ((now - this.allowedAt) * bytesPerSecond) / 1_000;
    this.allowance = Math.min(this.allowance + refilled, BURST_S * bytesPerSecond) - bytes;
    this.allowedAt = now;
    if (this.allowance >= 0) return;
    this.webSocket.pause();
    this.isSlowed = true;
    clearTimeout(this.timer);
    const waitMs = (-this.allowance * 1_000) / bytesPerSecond;
    this.timer = setTimeout(() => {
      this.isSlowed = false;
      this.goOn();
    }, waitMs);
  }

  private goOn(): void {
    const isHeard = this.webSocket.readyState === this.webSocket.OPEN;
    if (isHeard && !this.isSlowed && !this.isFull) this.webSocket.resume();
  }

  private judge(): void {
    this.isJudging = false;
    if (!this.isTooMuch) return;
    clearTimeout(this.timer);
    if (this.limits) {
      const retryAfterMs = Math.max(Math.ceil(this.windowEnd - performance.now()), 1);
      this.sender?.close('rate_limited', retryAfterMs);
    } else if (!this.hasPresented) {
      this.webSocket.close(1008, 'too much before credentials');
    }
    // The rest is not heard, for now or any more.
    this.webSocket.pause();
    if (this.webSocket.readyState !== this.webSocket.OPEN) {
      this.timer = setTimeout(() => this.webSocket.terminate(), CUT_MS);
    }
  }
}

function isCounted({ opcode, bytes }: FrameHead): boolean {
  return opcode !== CONTINUATION || bytes < FRAGMENT_BYTES;
}
