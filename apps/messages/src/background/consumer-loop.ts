import type { Logger } from '@agent-messenger/service-kit';
import { createSignal } from './signal';

/** A loop that follows the log. */
export interface ConsumerLoop {
  /** There may be something new. */
  wake(): void;
  /** Ends a wait for a retry: what failed may work again. */
  retryNow(): void;
  /** Ends the loop at the head of the log, or at the first failure; resolves when it has ended. */
  stop(): Promise<void>;
}

interface ConsumerLoopOptions {
  name: string;
  log: Logger;
  /** Takes one page and moves the offset behind it; false at the head. A throw has moved nothing. */
  step(): Promise<boolean>;
  /** How long to wait at the head when nothing wakes the loop, milliseconds. */
  idleMs: number | (() => number);
}

const RETRY_MS = { first: 50, longest: 2_000 };

export function startConsumerLoop({ name, log, step, idleMs }: ConsumerLoopOptions): ConsumerLoop {
  const news = createSignal();
  // Apart from `news`: while Redis is down, commits must not turn the backoff into a busy loop.
  const retry = createSignal();
  let stopping = false;

  async function run(): Promise<void> {
    let failures = 0;
    for (;;) {
      try {
        const more = await step();
        if (failures > 0) log.info({ consumer: name, failures }, 'consumer goes on');
        failures = 0;
        if (more) continue;
        if (stopping) return;
        await news.wait(typeof idleMs === 'number' ? idleMs : idleMs());
      } catch (error) {
        if (stopping) return;
        // One line per outage; the loop goes on from where it was.
        if (failures === 0) log.warn({ err: error, consumer: name }, 'consumer waits');
        await retry.wait(Math.min(RETRY_MS.first * 2 ** failures, RETRY_MS.longest));
        failures += 1;
      }
    }
  }

  const ended = run();
  return {
    wake: () => news.notify(),
    retryNow: () => retry.notify(),
    stop() {
      stopping = true;
      news.notify();
      retry.notify();
      return ended;
    },
  };
}
