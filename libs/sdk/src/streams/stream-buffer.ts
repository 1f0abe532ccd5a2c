import { contract } from '../contract/contract';
import { MessengerError } from '../errors';

/** Halves of a surrogate pair that stand alone. */
const ALONE = /\p{Surrogate}/gu;
const HALF_BYTES = 3;

/**
 * The text of an answer, all of it until the ack, and how much of it was sent. No piece ends inside a surrogate pair: a
 * half is held back until the other one comes; one that stands alone becomes U+FFFD. Lengths are UTF-16 code units.
 */
export class StreamBuffer {
  #text = '';
  #held = '';
  /** Of `#text`, in UTF-8. */
  #bytes = 0;
  #sent = 0;

  get text(): string {
    return this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  get isSent(): boolean {
    return this.#sent >= this.#text.length;
  }

  /** @throws MessengerError `payload_too_large` when the answer would be longer than one may be; it stays as it was */
  add(text: string): void {
    const joined = this.#held + text;
    // The encoder writes U+FFFD for a half: there is room for one that stays alone, and `close` cannot fail.
    const bytes = this.#bytes + new TextEncoder().encode(joined).length;
    if (bytes > contract.limits.streamBytes) {
      const max = contract.limits.streamBytes;
      throw new MessengerError('payload_too_large', `an answer has at most ${max} bytes`);
    }
    this.#held = /[\uD800-\uDBFF]$/.test(joined) ? joined.slice(-1) : '';
    this.#bytes = bytes - this.#held.length * HALF_BYTES;
    this.#text += joined.slice(0, joined.length - this.#held.length).replace(ALONE, '\uFFFD');
  }

  /** Nothing more comes: what was held back has no other half. */
  close(): void {
    this.#text += this.#held.replace(ALONE, '\uFFFD');
    this.#held = '';
  }

  /** What was not sent yet, and where it begins; it counts as sent from now on. Null when there is nothing. */
  next(): { offset: number; text: string } | null {
    if (this.isSent) return null;
    const offset = this.#sent;
    this.#sent = this.#text.length;
    return { offset, text: this.#text.slice(offset) };
  }

  /** The server has this much, and wants the rest. */
  rewind(offset: number): void {
    this.#sent = Math.min(offset, this.#text.length);
  }
}
