/** Tells what is being done, what came of it and how long it took. */
export class Steps {
  constructor(
    private readonly say: (line: string) => void,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** `work` resolves with what is worth telling. */
  async step(title: string, work: () => Promise<string>): Promise<void> {
    const began = this.clock();
    this.say(`${title} …`);
    const outcome = await work();
    this.say(`  ${outcome} (${((this.clock() - began) / 1_000).toFixed(1)} s)`);
  }
}

/** @throws Error with all problems, if there is one */
export function expectNone(what: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error([`${what}:`, ...problems].join('\n  '));
}
