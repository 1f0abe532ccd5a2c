import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';
import type { RateLimits } from '../rate-limits';

/** The own reaction with one emoji, on or off. */
export function reactionSet(
  appends: AppendQueue,
  limits: RateLimits,
): RequestHandler<'reaction:set'> {
  return async ({ identity, epoch }, request) => {
    await limits.sendsOfIdentity(identity.id);
    return appends.change({ op: 'react', ...request, identity_id: identity.id, epoch });
  };
}
