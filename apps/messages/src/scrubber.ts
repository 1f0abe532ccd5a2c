import type { Logger, Scope } from '@agent-messenger/service-kit';
import { startPurger } from './purger';
import type { Store } from './store/store';

interface ScrubberOptions {
  store: Pick<Store, 'scrub'>;
  log: Logger;
  scope: Scope;
}

const HOUR_MS = 3_600_000;
/** A step blocks the store for about 10 ms: a twentieth of the time, while a pass is under way. */
const PAUSE_MS = 200;

/** Cleans the free space of the files, where remnants of deleted texts may be, at the start and every hour. */
export function startScrubber({ store, log, scope }: ScrubberOptions): void {
  const scrubber = startPurger({
    name: 'scrub',
    store: { purge: () => store.scrub() },
    log,
    idleMs: HOUR_MS,
    pauseMs: PAUSE_MS,
  });
  scope.defer('scrubber', () => scrubber.stop());
}
