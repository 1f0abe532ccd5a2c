/** Beyond these a length takes two bytes more, or eight. */
const SHORT = 125;
const MEDIUM = 0xffff;
/** The only frame of a message, of text. */
const TEXT = 0x81;

/** The frames of a server for these texts, one behind the other: one write, where `ws` has two for each. */
export function textFrames(texts: readonly string[]): Buffer {
  const sizes = texts.map((text) => Buffer.byteLength(text));
  const all = sizes.reduce((bytes, size) => bytes + headBytes(size) + size, 0);
  const frames = Buffer.allocUnsafe(all);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    const size = sizes[index] ?? 0;
    at = writeHead(frames, at, size);
    at += frames.write(text, at);
  }
  return frames;
}

function headBytes(size: number): number {
  if (size <= SHORT) return 2;
  return size <= MEDIUM ? 4 : 10;
}

/** @returns where the text begins */
function writeHead(frames: Buffer, at: number, size: number): number {
  frames[at] = TEXT;
  if (size <= SHORT) frames[at + 1] = size;
  else if (size <= MEDIUM) {
    frames[at + 1] = 126;
    frames.writeUInt16BE(size, at + 2);
  } else {
    frames[at + 1] = 127;
    frames.writeBigUInt64BE(BigInt(size), at + 2);
  }
  return at + headBytes(size);
}
