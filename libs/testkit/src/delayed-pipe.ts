import type { Socket } from 'node:net';

/** Bytes on their way at once; beyond it the sender feels backpressure. */
const MOST_BYTES = 1024 * 1024;

/** Bytes from one socket to another, in order, after a delay; can stop reading without anybody being told. */
export class DelayedPipe {
  latencyMs = 0;
  private readonly queue: { chunk: Buffer; due: number }[] = [];
  private bytes = 0;
  private ended = false;
  private held = false;
  private blocked = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
  ) {
    from.on('data', (chunk) => {
      this.queue.push({ chunk, due: performance.now() + this.latencyMs });
      this.bytes += chunk.length;
      if (this.bytes > MOST_BYTES) from.pause();
      this.pump();
    });
    from.on('end', () => {
      this.ended = true;
      this.pump();
    });
    to.on('drain', () => {
      this.blocked = false;
      this.pump();
    });
  }

  hold(): void {
    this.held = true;
    clearTimeout(this.timer);
    this.from.pause();
  }

  release(): void {
    this.held = false;
    this.pump();
    this.from.resume();
  }

  stop(): void {
    this.held = true;
    clearTimeout(this.timer);
    this.queue.length = 0;
  }

  private pump(): void {
    if (this.held || this.blocked) return;
    clearTimeout(this.timer);
    for (let next = this.queue[0]; next; next = this.queue[0]) {
      const waitMs = next.due - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.queue.shift();
      this.bytes -= next.chunk.length;
      this.blocked = !this.to.write(next.chunk);
      if (this.blocked) break;
    }
    if (this.from.isPaused() && this.bytes <= MOST_BYTES) this.from.resume();
    if (this.ended && this.queue.length === 0) this.to.end();
  }
}
