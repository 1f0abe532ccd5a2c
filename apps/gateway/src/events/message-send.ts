import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';
import type { RateLimits } from '../rate-limits';

/** Answered after the commit. The limits are in memory: no Redis call stands in the way of a message. */
export function messageSend(
  appends: AppendQueue,
  limits: RateLimits,
): RequestHandler<'message:send'> {
  return async ({ identity, epoch, live }, send) => {
    await limits.sendsOfIdentity(identity.id);
    await limits.sendsOfIp(live.ip);
    return appends.send({ ...send, identity_id: identity.id, epoch });
  };
}
