/**
 * So much is begun in one turn of the event loop, the rest in the turns that follow, in order: between them everybody
 * else is served. Whoever sends thousands of requests in one piece delays its own.
 */
export class TurnQuota {
  private begun = 0;
  private waiting: (() => void)[] | undefined;
  private isScheduled = false;

  constructor(private readonly perTurn: number) {}

  /** @returns what resolves when the next one may begin; undefined: now */
  next(): Promise<void> | undefined {
    this.schedule();
    if (this.begun === this.perTurn || this.waiting) {
      const waiting = (this.waiting ??= []);
      return new Promise((resolve) => waiting.push(resolve));
    }
    this.begun += 1;
    return undefined;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.isScheduled = false;
    const turn = this.waiting?.splice(0, this.perTurn) ?? [];
    if (this.waiting?.length === 0) this.waiting = undefined;
    this.begun = turn.length;
    if (turn.length > 0) this.schedule();
    for (const begin of turn) begin();
  }
}
