import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** The socket's `reaction:set` over REST, off. */
export function removeReaction(
  appends: AppendQueue,
  limits: RateLimits,
): RouteHandler<'removeReaction'> {
  return async ({ params }, caller) => {
    const { id } = identityOf(caller);
    await limits.sendsOfIdentity(id);
    return {
      body: await appends.change({
        op: 'react',
        ...params,
        set: false,
        identity_id: id,
        epoch: null,
      }),
    };
  };
}
