import type { AppendQueue } from '../writes/append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `message:edit` over REST. */
export function editMessage(appends: AppendQueue): RouteHandler<'editMessage'> {
  return async ({ params, body }, caller) => {
    const { id } = identityOf(caller);
    return {
      body: await appends.change({ op: 'edit', ...params, ...body, identity_id: id, epoch: null }),
    };
  };
}
