import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';
import type { RateLimits } from '../rate-limits';

/** By its author only. Counts as a message for the limits. */
export function messageEdit(
  appends: AppendQueue,
  limits: RateLimits,
): RequestHandler<'message:edit'> {
  return async ({ identity, epoch }, request) => {
    await limits.sendsOfIdentity(identity.id);
    return appends.change({ op: 'edit', ...request, identity_id: identity.id, epoch });
  };
}
