/** The head of a WebSocket frame (RFC 6455, 5.2). */
export interface FrameHead {
  opcode: number;
  /** Length of its payload as announced. */
  bytes: number;
}

/** Opcode, length in 8 bytes, mask. */
const LONGEST_HEAD = 14;
const MASK_BYTES = 4;
/** The head that is being read, whoever's it is. */
const head = Buffer.alloc(LONGEST_HEAD);

/** Finds the heads of frames in what comes over TCP, however it was cut; payloads are passed over unread. */
export class FrameHeads {
  /** The beginning of a head that was cut. */
  private begun: Buffer | undefined;
  private have = 0;
  /** Of the payload of the frame that was begun. */
  private bytesLeft = 0;

  read(chunk: Buffer, onHead: (head: FrameHead) => void): void {
    this.begun?.copy(head);
    for (let at = 0; at < chunk.length;) {
      if (this.bytesLeft > 0) {
        const passed = Math.min(this.bytesLeft, chunk.length - at);
        this.bytesLeft -= passed;
        at += passed;
        continue;
      }
      head[this.have] = chunk[at] ?? 0;
      this.have += 1;
      at += 1;
      if (this.have < this.headBytes()) continue;
      this.have = 0;
      this.bytesLeft = this.payloadBytes();
      onHead({ opcode: head.readUInt8(0) & 0x0f, bytes: this.bytesLeft });
    }
    this.begun = this.have > 0 ? Buffer.from(head.subarray(0, this.have)) : undefined;
  }

  /** Of this head, as far as it can be told from what there is of it. */
  private headBytes(): number {
    if (this.have < 2) return 2;
    const second = head.readUInt8(1);
    return 2 + lengthBytes(second & 0x7f) + (second & 0x80 ? MASK_BYTES : 0);
  }

  private payloadBytes(): number {
    const length = head.readUInt8(1) & 0x7f;
    if (length === 126) return head.readUInt16BE(2);
    return length === 127 ? Number(head.readBigUInt64BE(2)) : length;
  }
}

function lengthBytes(length: number): number {
  if (length === 126) return 2;
  return length === 127 ? 8 : 0;
}
