import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** The socket's `reaction:set` over REST, on. */
export function addReaction(appends: AppendQueue, limits: RateLimits): RouteHandler<'addReaction'> {
  return async ({ params }, caller) => {
    const { id } = identityOf(caller);
    await limits.sendsOfIdentity(id);
    return {
      body: await appends.change({
        op: 'react',
        ...params,
        set: true,
        identity_id: id,
        epoch: null,
      }),
    };
  };
}
