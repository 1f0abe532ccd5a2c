import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';
import type { RateLimits } from '../rate-limits';

/** By its author only; what remains is a tombstone. */
export function messageDelete(
  appends: AppendQueue,
  limits: RateLimits,
): RequestHandler<'message:delete'> {
  return async ({ identity, epoch }, request) => {
    await limits.sendsOfIdentity(identity.id);
    return appends.change({ op: 'delete', ...request, identity_id: identity.id, epoch });
  };
}
