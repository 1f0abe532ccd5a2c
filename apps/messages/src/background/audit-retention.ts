import type { Logger, Scope } from '@agent-messenger/service-kit';
import { startStepLoop } from './step-loop';
import type { Store } from '../store/store';

interface AuditRetentionOptions {
  store: Pick<Store, 'pruneAudit'>;
  log: Logger;
  scope: Scope;
  /** How long entries are kept; 0: for ever. */
  days: number;
  /** Between two looks, milliseconds. */
  everyMs?: number;
  now?: () => number;
}

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** Removes audit entries that have been kept long enough, in small steps, now and every hour. */
export function startAuditRetention(options: AuditRetentionOptions): void {
  const { store, log, scope, days, everyMs = HOUR_MS, now = Date.now } = options;
  if (days === 0) return;
  const step = () => store.pruneAudit(new Date(now() - days * DAY_MS).toISOString());
  const pruner = startStepLoop({ name: 'audit retention', step, log, idleMs: everyMs });
  scope.defer('audit retention', () => pruner.stop());
}
