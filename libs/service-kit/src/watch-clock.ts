import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from './logger';
import type { Scope } from './scope';

const EVERY_MS = 1_000;
/** NTP slews smaller errors away, by at most half a millisecond a second. */
const STEP_MS = 1_000;

/** The wall clock of this machine, watched for being set. */
export interface Clock {
  /** Called after a step, with its milliseconds; below 0: set back. */
  onStep(listener: (stepMs: number) => void): void;
}

interface WatchClockOptions {
  log: Logger;
  metrics: Registry;
  scope: Scope;
  wall?: () => number;
  monotonic?: () => number;
}

/**
 * Notices when the wall clock goes another way than the monotonic one: it was set, or the machine was suspended. Order
 * and durations do not depend on it here; times that people see do, and so do deadlines that outlive a process.
 */
export function watchClock(options: WatchClockOptions): Clock {
  const { log, metrics, scope, wall = Date.now, monotonic = () => performance.now() } = options;
  const { steps, last } = clockMetrics(metrics);
  const listeners: ((stepMs: number) => void)[] = [];
  let offset = wall() - monotonic();

  const timer = setInterval(() => {
    const stepMs = wall() - monotonic() - offset;
    offset += stepMs;
    if (Math.abs(stepMs) < STEP_MS) return;
    steps.inc({ direction: stepMs < 0 ? 'back' : 'forward' });
    last.set(stepMs / 1_000);
    log.warn({ step_s: stepMs / 1_000 }, 'the clock was set');
    for (const listener of listeners) listener(stepMs);
  }, EVERY_MS);
  scope.defer('clock watch', () => clearInterval(timer));
  return { onStep: (listener) => void listeners.push(listener) };
}

export function clockMetrics(registry: Registry) {
  const registers = [registry];
  const steps = registry.getSingleMetric('clock_steps_total') as Counter<'direction'> | undefined;
  const last = registry.getSingleMetric('clock_last_step_seconds') as Gauge | undefined;
  if (steps && last) return { steps, last };
  const made = {
    steps: new Counter({
      name: 'clock_steps_total',
      help: 'Times the wall clock was set by a second or more, or the machine was suspended, while the service ran.',
      labelNames: ['direction'],
      registers,
    }),
    last: new Gauge({
      name: 'clock_last_step_seconds',
      help: 'By how much the wall clock was set last; below 0: back.',
      registers,
    }),
  };
  for (const direction of ['back', 'forward']) made.steps.inc({ direction }, 0);
  return made;
}
