import type { Logger, Scope } from '@agent-messenger/service-kit';
import { startStepLoop, type StepLoop } from './step-loop';
import type { Store } from '../store/store';

interface MaintenanceOptions {
  store: Pick<Store, 'purge' | 'chores'>;
  log: Logger;
  scope: Scope;
  /** Told after something was removed, which may have ended conversations. */
  onPurge(): void;
}

/** What a deleted message said is gone from the tables at once, and from the logs of writes after this time. */
const PURGE_MS = 600_000;

/** Removes what was deleted, and lets the store do its chores; the loop to wake after a deletion. */
export function startMaintenance({
  store,
  log,
  scope,
  onPurge,
}: MaintenanceOptions): Pick<StepLoop, 'wake'> {
  const purge = startStepLoop({
    name: 'purge',
    log,
    step: () => store.purge(),
    idleMs: PURGE_MS,
    onStep: onPurge,
  });
  scope.defer('purge', () => purge.stop());
  for (const { name, everyMs: idleMs, pauseMs, step } of store.chores) {
    const loop = startStepLoop({ name, log, step, idleMs, pauseMs });
    scope.defer(name, () => loop.stop());
  }
  return purge;
}
