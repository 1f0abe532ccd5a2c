import { contract } from '../contract/contract';
import { MessengerError } from '../errors';

/** Halves of a surrogate pair that stand alone. */
const ALONE = /\p{Surrogate}/gu;

/**
 * The text of an answer, all of it until the ack, and how much of it was sent. No piece ends inside a surrogate pair: a
 * half is held back until the other one comes; one that stands alone becomes U+FFFD. Lengths are UTF-16 code units.
 */
export class StreamBuffer {
  #text = '';
  #held = '';
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
    const half = /[\uD800-\uDBFF]$/.test(joined) ? joined.slice(-1) : '';
    this.#append(joined.slice(0, joined.length - half.length));
    this.#held = half;
  }

  /** Nothing more comes: what was held back has no other half. */
  close(): void {
    const half = this.#held;
    this.#held = '';
    this.#append(half);
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

  #append(text: string): void {
    const whole = text.replace(ALONE, '\uFFFD');
    const bytes = this.#bytes + new TextEncoder().encode(whole).length;
    if (bytes > contract.limits.streamBytes) {
      const max = contract.limits.streamBytes;
      throw new MessengerError('payload_too_large', `an answer has at most ${max} bytes`);
    }
    this.#bytes = bytes;
    this.#text += whole;
  }
}
