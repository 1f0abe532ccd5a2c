/** What a key has stored more, or less. */
export interface Delta {
  bytes: number;
  /** Of it, what counts for the day: a level, which runs out from then on. */
  day: number;
  /** When, ms since the epoch. */
  at: number;
}

export type Changes = ReadonlyMap<string, Delta>;

/** What this process has committed and not yet counted in the table, by key. */
export class Uncounted {
  private waiting = new Map<string, Delta>();
  /** What is being counted now. */
  private taken: Changes = new Map();

  /** @param levelAt what is left of a key's level, of a time, at a later one */
  constructor(private readonly levelAt: (key: string, delta: Delta, at: number) => number) {}

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  of(key: string): Delta | undefined {
    const [waiting, taken] = [this.waiting.get(key), this.taken.get(key)];
    return waiting && taken ? this.sum(key, taken, waiting) : (waiting ?? taken);
  }

  add(changes: Changes): void {
    for (const [key, delta] of changes) {
      const known = this.waiting.get(key);
      this.waiting.set(key, known ? this.sum(key, known, delta) : delta);
    }
  }

  /** Hands all of it to `count`; what that fails with stays. One at a time. */
  async count(count: (changes: Changes) => Promise<void>): Promise<void> {
    this.taken = this.waiting;
    this.waiting = new Map();
    try {
      await count(this.taken);
      this.taken = new Map();
    } catch (error) {
      const later = this.waiting;
      this.waiting = new Map(this.taken);
      this.taken = new Map();
      this.add(later);
      throw error;
    }
  }

  private sum(key: string, before: Delta, delta: Delta): Delta {
    const bytes = before.bytes + delta.bytes;
    if (delta.day === 0) return { ...before, bytes };
    return { bytes, day: this.levelAt(key, before, delta.at) + delta.day, at: delta.at };
  }
}
