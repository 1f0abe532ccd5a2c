import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** The socket's `message:edit` over REST. */
export function editMessage(appends: AppendQueue, limits: RateLimits): RouteHandler<'editMessage'> {
  return async ({ params, body }, caller) => {
    const { id } = identityOf(caller);
    await limits.sendsOfIdentity(id);
    return {
      body: await appends.change({ op: 'edit', ...params, ...body, identity_id: id, epoch: null }),
    };
  };
}
