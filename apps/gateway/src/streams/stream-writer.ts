import { LIMITS, type StreamState as Told } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { Appended, TextSize } from './append-batch';
import type { Beat } from './beat';

const EVERY_MS = 1_000 / LIMITS.streamAppendsPerSecond;
/**
 * How much earlier than that a piece may go out after one that was late: what comes at this pace anyway does not wait
 * again.
 */
const SLACK_MS = EVERY_MS / 2;

export interface StreamWriterOptions {
  /** When pieces of all streams go out together. */
  beat: Beat;
  /** Adds text to what Redis has, and tells the readers. */
  append: (piece: { offset: number; text: string }) => Promise<Appended>;
  /** The agent is to go on from somewhere else than it thinks. */
  onState: (state: Pick<Told, 'offset' | 'code' | 'retry_after_ms'>) => void;
  /** A person has asked to stop, as Redis knows. */
  onStopped: () => void;
  /** The stream is no longer this connection's. */
  onLost: () => void;
}

/**
 * What an agent's connection appends to one stream. The first piece after a pause goes out at once, what comes within
 * 50 ms after it goes out together: the only place where tokens are coalesced. One piece is on its way to Redis at a
 * time.
 */
export class StreamWriter {
  private pending = '';
  private inFlight: Promise<void> | undefined;
  private timer: (() => void) | undefined;
  /** When the next piece is due. */
  private nextAt = -Infinity;
  private lost = false;
  /** Of the piece on its way. */
  private underWay = 0;
  /** Of what Redis has, what is on its way and what waits. */
  private bytes: number;

  /** @param stored what Redis has */
  constructor(
    private stored: TextSize,
    private readonly options: StreamWriterOptions,
  ) {
    this.bytes = stored.bytes;
  }

  /** Where the agent goes on. */
  get end(): number {
    return this.stored.length + this.underWay + this.pending.length;
  }

  /** What overlaps is trimmed. @throws AppError that the agent is told with where to go on */
  append(offset: number, text: string): void {
    if (this.lost) throw new AppError('not_found', 'There is no such stream.');
    const known = this.end - offset;
    if (known < 0) return this.options.onState({ offset: this.end });
    const piece = text.slice(known);
    if (piece === '') return;
    if (!piece.isWellFormed()) {
      throw new AppError('invalid_payload', 'text differs from what was sent before.');
    }
    // What goes out together is taken as a whole or not at all: one append too many must not take others with it.
    const bytes = this.bytes + Buffer.byteLength(piece);
    if (bytes > LIMITS.streamBytes) throw tooLarge();
    this.bytes = bytes;
    this.pending += piece;
    this.pump();
  }

  /** Everything that was appended is in Redis, or was refused. */
  async settled(): Promise<void> {
    while (this.inFlight || this.pending !== '') {
      this.flush();
      await this.inFlight;
    }
  }

  /** Nothing of what waits is wanted any more. */
  discard(): void {
    this.timer?.();
    this.pending = '';
    this.lost = true;
  }

  private pump(): void {
    if (this.inFlight || this.timer || this.pending === '') return;
    const inMs = this.nextAt - performance.now();
    this.timer = this.options.beat.after(inMs, () => this.flush());
  }

  private flush(): void {
    this.timer?.();
    this.timer = undefined;
    if (this.inFlight || this.pending === '') return;
    const piece = { offset: this.stored.length, text: this.pending };
    this.pending = '';
    this.underWay = piece.text.length;
    this.nextAt = Math.max(this.nextAt, performance.now() - SLACK_MS) + EVERY_MS;
    this.inFlight = this.write(piece).finally(() => {
      this.inFlight = undefined;
      this.underWay = 0;
      this.pump();
    });
  }

  /** Never rejects. */
  private async write(piece: { offset: number; text: string }): Promise<void> {
    const { append, onState, onStopped, onLost } = this.options;
    try {
      const { status, length, bytes, stopped } = await append(piece);
      if (this.lost) return;
      this.underWay = 0;
      if (status === 'superseded' || status === 'gone') {
        this.discard();
        onLost();
        if (status === 'gone') onState({ offset: 0, code: 'not_found' });
        return;
      }
      this.stored = { length, bytes };
      if (status !== 'ok') this.refuse(status === 'full' ? { code: 'payload_too_large' } : {});
      if (stopped) onStopped();
    } catch {
      // Redis is away. Perhaps it has the text: then the next append is told where that ends.
      this.refuse({ code: 'unavailable', retry_after_ms: 1_000 });
    }
  }

  private refuse(why: Pick<Told, 'code' | 'retry_after_ms'>): void {
    this.pending = '';
    this.underWay = 0;
    this.bytes = this.stored.bytes;
    if (!this.lost) this.options.onState({ offset: this.stored.length, ...why });
  }
}

function tooLarge(): AppError {
  return new AppError('payload_too_large', `A stream is at most ${LIMITS.streamBytes} bytes.`);
}
