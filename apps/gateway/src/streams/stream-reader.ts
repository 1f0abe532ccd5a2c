import type { StreamFrame, StreamPiece } from '@agent-messenger/contracts';
import type { Connection } from '../connections/connection';
import { backoff } from '../connections/backoff';
import { keyOf, ofKey, type StoredStream, type StreamKey } from './stream-state';
import { piecesOf } from './pieces-of';

/** Streams that a connection is told about at a time; the one unheard of for longest makes room, and begins anew. */
const STREAMS = 1_000;
/** So often what Redis has is asked for while it does not answer. */
const ATTEMPTS = 5;

interface Followed {
  /** Of which text the reader has `offset` units. */
  run: string;
  offset: number;
}

interface StreamReaderOptions {
  connection: Pick<
    Connection,
    'isAboveHighWater' | 'isCurrent' | 'hasRoom' | 'send' | 'maxFrameBytes'
  >;
  /** What there is of a stream that the reader may see; null: nothing any more. */
  read: (key: StreamKey) => Promise<StoredStream | null>;
  /** Told of each text that was read from Redis. */
  onSnapshot?: () => void;
}

/**
 * The streams that one connection reads. Pieces are wake-ups, as the events of the log are: one is written only where
 * the text of the reader ends, and whatever else comes (a gap, a text that began anew, a stream that was not heard of)
 * has the text read from Redis. So does a reader that is slow: what it misses is kept in Redis, not here.
 */
export class StreamReader {
  private readonly followed = new Map<string, Followed>();
  /** Being read, or waiting for the reader. True: heard of since the reading began. */
  private readonly behind = new Map<string, boolean>();
  /** Ends that wait for a slow reader. */
  private readonly ends = new Map<string, StreamPiece>();

  constructor(private readonly options: StreamReaderOptions) {}

  /** A piece that is told to the readers of a stream. */
  offer({ run, piece }: Pick<StreamFrame, 'run' | 'piece'>): void {
    const of = ofKey({ agentId: piece.agent_id, streamId: piece.stream_id });
    if (piece.kind === 'end') return this.end(of, piece);
    if (this.behind.has(of)) return void this.behind.set(of, true);
    const { connection } = this.options;
    if (connection.isAboveHighWater) return this.markBehind(of);
    const known = this.followed.get(of);
    if (!known && piece.kind === 'start') return this.begin(of, run, piece);
    if (known?.run !== run || piece.offset > known.offset) return this.markBehind(of);
    const text = piece.text.slice(known.offset - piece.offset);
    if (text !== '') this.write(of, known, { ...piece, offset: known.offset, text });
  }

  /** The text of these streams may have gone on unheard. */
  markAllBehind(streams: readonly StreamKey[]): void {
    const heard = [...this.followed.keys()].map(keyOf);
    for (const key of [...heard, ...streams]) this.markBehind(ofKey(key));
  }

  /** Begins anew with a start. */
  repeat(key: StreamKey): void {
    const of = ofKey(key);
    this.followed.delete(of);
    this.markBehind(of);
  }

  private markBehind(of: string): void {
    if (this.behind.has(of)) return void this.behind.set(of, true);
    if (this.behind.size >= STREAMS) return;
    this.behind.set(of, false);
    void this.catchUp(of);
  }

  /** Reads until nothing was heard of the stream while it was read. Never rejects. */
  private async catchUp(of: string): Promise<void> {
    const { connection, read, onSnapshot } = this.options;
    for (let failures = 0; failures < ATTEMPTS;) {
      if (!(await connection.hasRoom())) break;
      if (this.ends.has(of)) break;
      this.behind.set(of, false);
      try {
        const stored = await read(keyOf(of));
        onSnapshot?.();
        if (connection.isAboveHighWater) continue;
        if (stored) this.show(of, stored);
        if (this.behind.get(of) !== true) break;
      } catch {
        // What is missing is read when the next piece is heard.
        failures += 1;
        await backoff(failures);
      }
    }
    this.behind.delete(of);
    const end = this.ends.get(of);
    this.ends.delete(of);
    if (end) this.end(of, end);
  }

  /** What the reader lacks of the text, or all of it when that is another one. */
  private show(of: string, { conversationId, run, text, replyTo }: StoredStream): void {
    const { agentId, streamId } = keyOf(of);
    const ids = { conversation_id: conversationId, stream_id: streamId, agent_id: agentId };
    const known = this.followed.get(of);
    if (known?.run === run) {
      const { offset } = known;
      if (text.length <= offset) return;
      return this.write(of, known, { ...ids, kind: 'append', offset, text: text.slice(offset) });
    }
    const start = { ...ids, kind: 'start' as const, offset: 0, text };
    this.begin(of, run, { ...start, ...(replyTo !== undefined && { reply_to: replyTo }) });
  }

  private begin(of: string, run: string, piece: StreamPiece): void {
    if (this.followed.size >= STREAMS) {
      const [oldest] = this.followed.keys();
      if (oldest !== undefined) this.followed.delete(oldest);
    }
    this.write(of, { run, offset: 0 }, piece);
  }

  private write(of: string, followed: Followed, piece: StreamPiece): void {
    const { connection } = this.options;
    for (const part of piecesOf(piece, connection.maxFrameBytes)) connection.send('stream', part);
    // Last in the order of the map: the one heard of last.
    this.followed.delete(of);
    this.followed.set(of, { ...followed, offset: piece.offset + piece.text.length });
  }

  private end(of: string, piece: StreamPiece): void {
    const { connection } = this.options;
    if (this.behind.has(of)) return void this.ends.set(of, piece);
    if (connection.isAboveHighWater) {
      this.ends.set(of, piece);
      return this.markBehind(of);
    }
    this.followed.delete(of);
    connection.send('stream', piece);
  }
}
