import type { Logger } from '@agent-messenger/service-kit';
import type { RateLimits } from '../limits/rate-limits';
import type { Leases } from './leases';

export type ForgetPerson = (userId: string) => Promise<void>;

/**
 * Removes what gateways keep of a person that was erased: lease, presence, budgets. Everything of it has a TTL besides.
 */
export function createForgetPerson(
  leases: Pick<Leases, 'erase'>,
  limits: Pick<RateLimits, 'rest' | 'takeOvers'>,
  log: Logger,
): ForgetPerson {
  return async (userId) => {
    const done = await Promise.allSettled([
      leases.erase(userId),
      limits.rest.forget(userId),
      limits.takeOvers.forget(userId),
    ]);
    const failed = done.find(({ status }) => status === 'rejected');
    // The person is gone in any case; what remains runs out.
    if (failed?.status === 'rejected') {
      log.warn({ reason: String(failed.reason) }, 'what Redis has of an erased person remains');
    }
  };
}
