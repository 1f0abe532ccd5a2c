/** Runs something at once when it is due, and at most 20 times a second: nobody sees more, however much comes. */
export class Pace {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ranAt = -Infinity;

  constructor(
    private readonly run: () => void,
    private readonly everyMs = 50,
  ) {}

  due(): void {
    const waitMs = this.everyMs - (performance.now() - this.#ranAt);
    if (waitMs <= 0) this.now();
    else this.#timer ??= setTimeout(() => this.now(), waitMs);
  }

  now(): void {
    this.stop();
    this.#ranAt = performance.now();
    this.run();
  }

  /** What is due is not run any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
