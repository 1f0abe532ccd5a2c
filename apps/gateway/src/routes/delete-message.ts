import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** The socket's `message:delete` over REST. */
export function deleteMessage(
  appends: AppendQueue,
  limits: RateLimits,
): RouteHandler<'deleteMessage'> {
  return async ({ params }, caller) => {
    const { id } = identityOf(caller);
    await limits.sendsOfIdentity(id);
    return {
      body: await appends.change({ op: 'delete', ...params, identity_id: id, epoch: null }),
    };
  };
}
