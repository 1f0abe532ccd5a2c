/** The head of a WebSocket frame (RFC 6455, 5.2). */
export interface FrameHead {
  opcode: number;
  /** Length of its payload as announced. */
  bytes: number;
}

/** Opcode, length in 8 bytes, mask. */
const LONGEST_HEAD = 14;
const MASK_BYTES = 4;

/** Finds the heads of frames in what comes over TCP, however it was cut; payloads are passed over unread. */
export class FrameHeads {
  private readonly head = Buffer.alloc(LONGEST_HEAD);
  private have = 0;
  /** Of the payload of the frame that was begun. */
  private bytesLeft = 0;

  read(chunk: Buffer, onHead: (head: FrameHead) => void): void {
    for (let at = 0; at < chunk.length;) {
      if (this.bytesLeft > 0) {
        const passed = Math.min(this.bytesLeft, chunk.length - at);
        this.bytesLeft -= passed;
        at += passed;
        continue;
      }
      this.head[this.have] = chunk[at] ?? 0;
      this.have += 1;
      at += 1;
      if (this.have < this.headBytes()) continue;
      this.have = 0;
      this.bytesLeft = this.payloadBytes();
      onHead({ opcode: this.head.readUInt8(0) & 0x0f, bytes: this.bytesLeft });
    }
  }

  /** Of this head, as far as it can be told from what there is of it. */
  private headBytes(): number {
    if (this.have < 2) return 2;
    const second = this.head.readUInt8(1);
    return 2 + lengthBytes(second & 0x7f) + (second & 0x80 ? MASK_BYTES : 0);
  }

  private payloadBytes(): number {
    const length = this.head.readUInt8(1) & 0x7f;
    if (length === 126) return this.head.readUInt16BE(2);
    return length === 127 ? Number(this.head.readBigUInt64BE(2)) : length;
  }
}

function lengthBytes(length: number): number {
  if (length === 126) return 2;
  return length === 127 ? 8 : 0;
}
