/** Time between two appends while one follows the other. */
const BEAT_MS = 8;
/** After this long without an append the next one does not wait. */
const ALONE_MS = 20;
/** So many that wait are a batch already. */
const WORTHWHILE = 16;

/**
 * When the next append begins. One that comes alone goes at once. Where one follows the other they wait for the next
 * beat, by the clock, so that those of all gateways come together: they share a commit, a look for leases and a
 * publish.
 */
export class AppendPace {
  /** When the last append began. */
  private beganAt = -Infinity;

  constructor(private readonly beatMs = BEAT_MS) {}

  /** Resolves when an append is to begin, for which so many operations wait already. */
  async untilDue(waiting: number): Promise<void> {
    const sinceMs = performance.now() - this.beganAt;
    const restMs = this.beatMs - (Date.now() % this.beatMs);
    if (sinceMs < ALONE_MS && waiting < WORTHWHILE && restMs < this.beatMs) {
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    // A turn of the loop, so that all frames that have arrived are in the first batch too.
    await new Promise(setImmediate);
    this.beganAt = performance.now();
  }
}
