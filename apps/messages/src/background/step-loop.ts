import type { Logger } from '@agent-messenger/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import { startConsumerLoop } from './consumer-loop';

/** Work in small steps beside the traffic. */
export interface StepLoop {
  /** There is something to do. */
  wake(): void;
  /** Ends after the step under way: the rest is done after the next start. */
  stop(): Promise<void>;
}

interface StepLoopOptions {
  name: string;
  log: Logger;
  /** True while there is more to do. */
  step(): Promise<boolean>;
  /** Between two looks when nothing wakes it, milliseconds. */
  idleMs: number;
  /** Lets the traffic pass between two steps, which block the store for some milliseconds each. */
  pauseMs?: number;
  /** Told after a step that had something to do. */
  onStep?(): void;
}

const PAUSE_MS = 10;

export function startStepLoop(options: StepLoopOptions): StepLoop {
  const { name, log, idleMs, pauseMs = PAUSE_MS, onStep } = options;
  let stopping = false;

  async function step(): Promise<boolean> {
    if (stopping) return false;
    await pause(pauseMs);
    const more = await options.step();
    if (more) onStep?.();
    return more;
  }

  const loop = startConsumerLoop({ name, log, step, idleMs });
  return {
    wake: () => loop.wake(),
    stop() {
      stopping = true;
      return loop.stop();
    },
  };
}
