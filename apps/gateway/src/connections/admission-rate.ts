/** How far ahead of its schedule a burst may be admitted. */
const BURST_MS = 1_000;
/** Nobody is sent away for longer. */
const LONGEST_MS = 60_000;

/**
 * Admits at a bounded rate. Who is refused is told when to come back, each a little later than the one before: a storm
 * of reconnecting clients returns at the rate at which it can be admitted, not as the next storm.
 */
export class AdmissionRate {
  private readonly intervalMs: number;
  /** When the next admission is due, and the next return of a refused one. */
  private nextSlot = 0;
  private nextReturn = 0;

  constructor(perSecond: number) {
    this.intervalMs = 1_000 / perSecond;
  }

  /** @param now monotonic, ms @returns 0 when admitted, else after how many ms to try again */
  take(now: number): number {
    const slot = Math.max(this.nextSlot, now);
    if (slot - now <= BURST_MS) {
      this.nextSlot = slot + this.intervalMs;
      return 0;
    }
    this.nextReturn = Math.max(this.nextReturn, slot) + this.intervalMs;
    if (this.nextReturn - now > LONGEST_MS) this.nextReturn = slot + this.intervalMs;
    return Math.ceil(this.nextReturn - now);
  }
}
