/** A wait before another try, which may be ended early. */
export class Pause {
  #end: () => void = () => undefined;

  /** Resolves after `ms`, or when it is ended. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Does nothing while nobody waits. */
  end(): void {
    this.#end();
  }
}
