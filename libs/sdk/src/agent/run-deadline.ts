import { timerMs } from '../time';

/** Passes after so much time in which it was not suspended. */
export class RunDeadline {
  #leftMs: number;
  #since = 0;
  #suspended = 0;
  #isStopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    timeoutMs: number,
    private readonly onPassed: () => void,
  ) {
    this.#leftMs = timeoutMs;
    this.#start();
  }

  async suspend<T>(work: () => Promise<T>): Promise<T> {
    if (this.#suspended++ === 0) {
      clearTimeout(this.#timer);
      this.#leftMs -= performance.now() - this.#since;
    }
    try {
      return await work();
    } finally {
      if (--this.#suspended === 0) this.#start();
    }
  }

  /** The run is over: what it waited for may end later. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    if (this.#isStopped) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.onPassed, timerMs(this.#leftMs));
  }
}
