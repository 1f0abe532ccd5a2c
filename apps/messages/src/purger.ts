import type { Logger } from '@agent-messenger/service-kit';
import { setTimeout as pause } from 'node:timers/promises';
import { startConsumerLoop } from './consumer-loop';
import type { Store } from './store/store';

/** Removes what was deleted, in small steps beside the traffic. */
export interface Purger {
  /** Something was deleted. */
  wake(): void;
  /** Ends after the step under way: the rest is removed after the next start. */
  stop(): Promise<void>;
}

interface PurgerOptions {
  store: Pick<Store, 'purge'>;
  log: Logger;
  name?: string;
  /** Between two looks when nothing wakes it, milliseconds. */
  idleMs?: number;
  /** Lets the traffic pass between two steps, which block the store for some milliseconds each. */
  pauseMs?: number;
  /** Told after a step that removed something, which may have ended conversations. */
  onStep?(): void;
}

/** What a deleted message said is gone from the tables at once, and from the logs of writes after this time. */
const IDLE_MS = 600_000;
const PAUSE_MS = 10;

export function startPurger({
  store,
  log,
  name = 'purge',
  idleMs = IDLE_MS,
  pauseMs = PAUSE_MS,
  onStep,
}: PurgerOptions): Purger {
  let stopping = false;

  async function step(): Promise<boolean> {
    if (stopping) return false;
    await pause(pauseMs);
    const more = await store.purge();
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
