import type { Handlers, messagesCalls, PositionMoved } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Registry } from 'prom-client';
import { attemptMetrics } from './metrics';
import type { Store } from './store/store';

/** From this attempt on an event is told to the operator: once or twice may be the network. */
const TOLD_FROM = 3;

interface DeliveryAttemptsOptions {
  store: Pick<Store, 'countAttempts'>;
  metrics: Registry;
  log: Logger;
  /** Told when the store has moved positions, and perhaps written events. */
  onMoved(moved: PositionMoved[]): void;
}

/** Counts events that were under way when their agent's connection broke, and says which they are. */
export function createDeliveryAttempts({
  store,
  metrics,
  log,
  onMoved,
}: DeliveryAttemptsOptions): Pick<Handlers<typeof messagesCalls>, 'countAttempts'> {
  const { suspects: counter } = attemptMetrics(metrics);
  return {
    async countAttempts(request) {
      const answer = await store.countAttempts(request);
      for (const suspect of answer.suspects) {
        if (suspect.attempts < TOLD_FROM) continue;
        counter.inc({ outcome: suspect.handed_over ? 'handed_over' : 'retried' });
        log.warn(
          { agent_id: request.agent_id, ...suspect },
          suspect.handed_over
            ? 'an event broke its agent’s connection too often: handed over as failed'
            : 'an event was under way again when its agent’s connection broke',
        );
      }
      if (answer.moved.length > 0) onMoved(answer.moved);
      return { ...answer, moved: [] };
    },
  };
}
