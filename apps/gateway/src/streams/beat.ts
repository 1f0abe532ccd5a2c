/**
 * Work that is due at about the same time is done in one turn of the event loop: its writes to Redis then go out
 * together. After a pause it is done at once.
 */
export class Beat {
  private readonly waiting = new Map<object, { at: number; work: () => void }>();
  private timer: NodeJS.Timeout | undefined;
  /** When the timer goes off. */
  private dueAt = Infinity;
  private lastAt = -Infinity;

  /** @param ms between two beats at least: how much later than it could something may be done */
  constructor(private readonly ms: number) {}

  /** Does it with the first beat that is at least `ms` away. @returns what calls it off */
  after(ms: number, work: () => void): () => void {
    const at = performance.now() + ms;
    const key = {};
    this.waiting.set(key, { at, work });
    this.schedule(at);
    return () => void this.waiting.delete(key);
  }

  private schedule(at: number): void {
    const dueAt = Math.max(at, this.lastAt + this.ms);
    if (dueAt >= this.dueAt) return;
    clearTimeout(this.timer);
    this.dueAt = dueAt;
    const inMs = Math.ceil(dueAt - performance.now());
    this.timer = setTimeout(() => this.run(), Math.max(inMs, 0));
  }

  private run(): void {
    const now = performance.now();
    this.dueAt = Infinity;
    let nextAt = Infinity;
    for (const [key, { at, work }] of [...this.waiting]) {
      if (at > now) nextAt = Math.min(nextAt, at);
      else {
        this.waiting.delete(key);
        this.lastAt = now;
        work();
      }
    }
    if (nextAt < Infinity) this.schedule(nextAt);
  }
}
