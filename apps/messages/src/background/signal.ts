/** Wakes one loop. What was notified while nobody waited is not lost: the next wait returns at once. */
export interface Signal {
  notify(): void;
  /** Until the next `notify`, or at most `ms`. */
  wait(ms: number): Promise<void>;
}

export function createSignal(): Signal {
  let notified = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      notified = true;
      wake?.();
    },
    async wait(ms) {
      if (!notified) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, ms);
        });
        clearTimeout(timer);
        wake = undefined;
      }
      notified = false;
    },
  };
}
