/** What must be closed, last opened first. A failure does not keep the rest open. */
export class Closers {
  private readonly open: (() => unknown)[] = [];
  private running: Promise<void> = Promise.resolve();

  add(close: () => unknown): void {
    this.open.push(close);
  }

  /** May be called again, also while it runs: what was added meanwhile is closed after the rest. */
  run(): Promise<void> {
    this.running = this.running.then(
      () => this.drain(),
      () => this.drain(),
    );
    return this.running;
  }

  private async drain(): Promise<void> {
    const problems: unknown[] = [];
    for (let close = this.open.pop(); close; close = this.open.pop()) {
      try {
        await close();
      } catch (error) {
        problems.push(error);
      }
    }
    if (problems.length > 0) throw new AggregateError(problems, 'the stack did not stop cleanly');
  }
}
