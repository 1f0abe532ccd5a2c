import type { AppendQueue } from '../writes/append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `message:delete` over REST. */
export function deleteMessage(appends: AppendQueue): RouteHandler<'deleteMessage'> {
  return async ({ params }, caller) => {
    const { id } = identityOf(caller);
    return {
      body: await appends.change({ op: 'delete', ...params, identity_id: id, epoch: null }),
    };
  };
}
