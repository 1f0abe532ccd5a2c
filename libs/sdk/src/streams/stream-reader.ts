import type { Message, StreamPiece } from '@agent-messenger/contracts';
import { MessengerError } from '../errors';
import { withPiece, withWhole, type StreamText } from './stream-text';

/** An answer that is being written, as far as this reader has it. */
export interface StreamView {
  conversation_id: string;
  agent_id: string;
  stream_id: string;
  /** The message that is answered. */
  reply_to?: string;
  text: string;
  /**
   * `ended`: its message is on its way. `over`: its message is there, or there will be none; told once, and no longer
   * among `streams()`.
   */
  status: 'writing' | 'ended' | 'over';
}

export interface StreamReaderOptions {
  /** All the text so far; repeats by itself what may pass. Rejects with `not_found` when the stream is gone. */
  fetch: (stream: StreamView) => Promise<string>;
  onChange: (stream: StreamView) => void;
  onError: (error: unknown) => void;
  /** A stream of which nothing was heard for so long is asked for. */
  silenceMs: number;
}

interface Reading {
  piece: StreamPiece;
  known: StreamText;
  heardAt: number;
  /** Pieces that came while the whole was asked for. */
  pending: StreamPiece[] | null;
}

/** Streams that have become messages, remembered so that their late pieces are dropped. */
const REMEMBERED = 1_000;
/** Of a stream whose whole text is on its way: more than 2 s of pieces. What is beyond is another gap. */
const PENDING_PIECES = 64;

/**
 * The answers that are being written in all conversations of a person. Each is a prefix of what the agent wrote, until
 * its message is there.
 */
export class StreamReader {
  readonly #readings = new Map<string, Reading>();
  readonly #committed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly options: StreamReaderOptions) {}

  /** Oldest first. */
  streams(conversationId?: string): StreamView[] {
    const views = [...this.#readings.values()].map(viewOf);
    return conversationId === undefined
      ? views
      : views.filter(({ conversation_id }) => conversation_id === conversationId);
  }

  take(piece: StreamPiece): void {
    const key = keyOf(piece.agent_id, piece.stream_id);
    if (this.#committed.has(key)) return;
    const reading = this.#readings.get(key);
    if (!reading && piece.kind === 'end') return;
    if (reading?.pending && piece.kind === 'append') {
      if (reading.pending.length < PENDING_PIECES) reading.pending.push(piece);
      return;
    }
    const before = reading?.known ?? null;
    const next: Reading = {
      piece,
      known: withPiece(before, piece),
      heardAt: performance.now(),
      // What is asked for while a stream starts anew is of the run before.
      pending: piece.kind === 'start' ? null : (reading?.pending ?? null),
    };
    this.#readings.set(key, next);
    if (next.known.status === 'gone') return this.#drop(key);
    if (next.known !== before) this.options.onChange(viewOf(next));
    if (next.known.gap) void this.#ask(key, next);
    this.#watch();
  }

  /** The message is there: what was shown of its stream is of no use any more. */
  committed({ sender, client_id }: Pick<Message, 'sender' | 'client_id'>): void {
    if (sender.kind !== 'agent') return;
    const key = keyOf(sender.id, client_id);
    this.#committed.add(key);
    if (this.#committed.size > REMEMBERED) {
      for (const oldest of this.#committed) {
        this.#committed.delete(oldest);
        break;
      }
    }
    this.#drop(key);
  }

  /** The conversation is gone, or all of them. */
  forget(conversationId?: string): void {
    for (const [key, { piece }] of this.#readings) {
      if (conversationId === undefined || piece.conversation_id === conversationId) this.#drop(key);
    }
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#readings.clear();
  }

  #drop(key: string): void {
    const reading = this.#readings.get(key);
    if (!reading) return;
    this.#readings.delete(key);
    this.options.onChange({ ...viewOf(reading), status: 'over' });
  }

  /** Asks for the whole, and goes on from there with what came meanwhile. */
  async #ask(key: string, reading: Reading): Promise<void> {
    if (reading.pending) return;
    const pending: StreamPiece[] = [];
    reading.pending = pending;
    // Another start, or the message, makes the answer worthless.
    const isCurrent = () => this.#readings.get(key)?.pending === pending;
    try {
      const text = await this.options.fetch(viewOf(reading));
      const current = this.#readings.get(key);
      if (!current || !isCurrent()) return;
      const known = withWhole(current.known, text);
      const next = { ...current, known, heardAt: performance.now(), pending: null };
      this.#readings.set(key, next);
      if (known.text !== current.known.text) this.options.onChange(viewOf(next));
      for (const piece of pending) this.take(piece);
    } catch (error) {
      if (!isCurrent()) return;
      const isGone = error instanceof MessengerError && error.code === 'not_found';
      if (isGone) return this.#drop(key);
      const current = this.#readings.get(key);
      if (current) current.pending = null;
      this.options.onError(error);
    }
  }

  #watch(): void {
    if (this.#timer || this.#readings.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      for (const [key, reading] of this.#readings) {
        if (now - reading.heardAt < this.options.silenceMs) continue;
        reading.heardAt = now;
        void this.#ask(key, reading);
      }
      this.#watch();
    }, this.options.silenceMs / 4);
  }
}

function keyOf(agentId: string, streamId: string): string {
  return `${agentId} ${streamId}`;
}

function viewOf({ piece, known }: Reading): StreamView {
  const { conversation_id, agent_id, stream_id } = piece;
  const { text, reply_to, status } = known;
  return {
    conversation_id,
    agent_id,
    stream_id,
    ...(reply_to !== undefined && { reply_to }),
    text,
    status: status === 'gone' ? 'over' : status,
  };
}
