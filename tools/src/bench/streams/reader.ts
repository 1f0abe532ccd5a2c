import type { Latencies } from '../latencies';
import { TOKEN, type TokenClock } from './token-clock';

/** Counts the tokens of one stream at the person's side. */
export class Reader {
  /** Tokens that came twice, or after one that is missing. */
  faults = 0;
  private length = 0;
  private measured = false;

  constructor(
    private readonly clock: TokenClock,
    /** Without: this one reads slowly, what it waits for is its own. */
    private readonly latencies: Latencies | undefined,
  ) {}

  get isWhole(): boolean {
    return this.length === this.clock.total * TOKEN.length;
  }

  /** From here on latencies count. */
  measure(): void {
    this.measured = true;
  }

  /** @param replaces whether it stands for all that there was: the start of a stream */
  take(offset: number, text: string, replaces = false): void {
    if (offset !== this.length && !replaces) this.faults += 1;
    const before = Math.floor(this.length / TOKEN.length);
    this.length = offset + text.length;
    if (!this.measured) return;
    const now = performance.now();
    for (let token = before; token < Math.floor(this.length / TOKEN.length); token += 1) {
      this.latencies?.delivery(now - this.clock.at(token));
    }
  }
}
