import fc from 'fast-check';
import type { FrameHead } from './frame-heads';
import { FrameHeads } from './frame-heads';

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

function encode(opcode: number, bytes: number, isMasked: boolean): Buffer {
  const extended = bytes > 65_535 ? 8 : bytes > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended);
  head[0] = 0x80 | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (extended === 8 ? 127 : extended === 2 ? 126 : bytes);
  if (extended === 2) head.writeUInt16BE(bytes, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(bytes), 2);
  // What is in it looks like heads.
  return Buffer.concat([head, Buffer.alloc((isMasked ? 4 : 0) + bytes, 0x81)]);
}

test('the same heads are found however the bytes are cut', () => {
  const frame = fc.tuple(fc.nat({ max: 10 }), fc.constantFrom(...LENGTHS), fc.boolean());
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9_000 })),
      (frames, cuts) => {
        const all = Buffer.concat(frames.map((one) => encode(...one)));
        const heads = new FrameHeads();
        const found: FrameHead[] = [];
        let at = 0;
        for (const cut of [...cuts, all.length]) {
          heads.read(all.subarray(at, at + cut), (head) => found.push(head));
          at = Math.min(at + cut, all.length);
        }
        expect(found).toEqual(frames.map(([opcode, bytes]) => ({ opcode, bytes })));
      },
    ),
    { numRuns: 200 },
  );
});
