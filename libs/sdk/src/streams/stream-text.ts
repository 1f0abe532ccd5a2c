import type { StreamPiece } from '@agent-messenger/contracts';

/** What a reader has of an answer that is being written. */
export interface StreamText {
  readonly text: string;
  readonly reply_to?: string;
  /** `ended`: what it became is on its way as an event. `gone`: there will be no message, or it is there. */
  readonly status: 'writing' | 'ended' | 'gone';
  /** Something before the last piece is missing: the whole is to be asked for. */
  readonly gap: boolean;
}

/**
 * What a reader has after a piece; offsets are the cursor. A `start` replaces everything, what was had already is not
 * added again, and nothing is added behind a gap. Does not change its input.
 */
export function withPiece(known: StreamText | null, piece: StreamPiece): StreamText {
  switch (piece.kind) {
    case 'start': {
      const { text, reply_to } = piece;
      return { text, status: 'writing', gap: false, ...(reply_to !== undefined && { reply_to }) };
    }
    case 'append':
      return withAppend(known ?? { text: '', status: 'writing', gap: true }, piece);
    case 'end': {
      const status = piece.message_id === undefined ? 'gone' : 'ended';
      return { ...(known ?? { text: '', gap: false }), status };
    }
  }
}

function withAppend(known: StreamText, { offset, text }: StreamPiece): StreamText {
  if (known.gap || known.status !== 'writing') return known;
  const had = known.text.length - offset;
  if (had < 0) return { ...known, gap: true };
  return had >= text.length ? known : { ...known, text: known.text + text.slice(had) };
}

/** What a reader has once it was told the whole text. */
export function withWhole(known: StreamText, text: string): StreamText {
  return { ...known, text, gap: false };
}
