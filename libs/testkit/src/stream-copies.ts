import type { StreamPiece } from '@agent-messenger/contracts';

/** A reader of streams that forgives nothing: each piece has to begin where its copy ends. */
export class StreamCopies {
  private readonly texts = new Map<string, string>();
  private readonly ends = new Map<string, StreamPiece>();
  /** What no reader may be sent. */
  readonly problems: string[] = [];
  /** Pieces by kind, as they came. */
  readonly kinds: StreamPiece['kind'][] = [];

  static of(pieces: readonly StreamPiece[]): StreamCopies {
    const copies = new StreamCopies();
    pieces.forEach((piece) => copies.take(piece));
    return copies;
  }

  take(piece: StreamPiece): void {
    const { kind, offset, text, stream_id } = piece;
    this.kinds.push(kind);
    const note = (what: string) => this.problems.push(`${stream_id}: ${what}`);
    if (!text.isWellFormed()) note(`a piece at ${offset} ends inside a character`);
    if (kind === 'start') {
      if (offset !== 0) note(`a start at ${offset}`);
      this.texts.set(stream_id, text);
      this.ends.delete(stream_id);
    } else if (kind === 'append') {
      const known = this.texts.get(stream_id);
      if (known === undefined) return void note(`text at ${offset} of a stream without a start`);
      if (offset !== known.length) note(`text at ${offset} where ${known.length} is known`);
      this.texts.set(stream_id, known + text);
    } else {
      this.ends.set(stream_id, piece);
    }
  }

  text(streamId: string): string | undefined {
    return this.texts.get(streamId);
  }

  end(streamId: string): StreamPiece | undefined {
    return this.ends.get(streamId);
  }
}
