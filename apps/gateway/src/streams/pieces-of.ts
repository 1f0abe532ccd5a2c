import type { StreamPiece } from '@agent-messenger/contracts';

/** As JSON a UTF-16 code unit takes six bytes at most: an escape. */
const JSON_BYTES_PER_UNIT = 6;
/** What stands around the text, names and ids at their longest. */
const AROUND_BYTES = 2 * 1024;

/** The piece, or several that fit into frames of this size; none ends inside a surrogate pair. */
export function piecesOf(piece: StreamPiece, maxFrameBytes: number | undefined): StreamPiece[] {
  const pieces: StreamPiece[] = [];
  for (let rest: StreamPiece = piece; ;) {
    const text = beginningOf(rest.text, maxFrameBytes);
    pieces.push({ ...rest, text });
    if (text === rest.text) return pieces;
    const left = { offset: rest.offset + text.length, text: rest.text.slice(text.length) };
    rest = { ...piece, kind: 'append', ...left };
  }
}

/** As much of the text as fits into a frame of this size, without half a surrogate pair at its end. */
export function beginningOf(text: string, maxFrameBytes: number | undefined): string {
  const most = Math.floor(((maxFrameBytes ?? Infinity) - AROUND_BYTES) / JSON_BYTES_PER_UNIT);
  if (text.length <= most) return text;
  const beginning = text.slice(0, most);
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1);
}
