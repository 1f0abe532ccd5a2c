import type { AppendQueue } from '../writes/append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `read` over REST. */
export function markRead(appends: AppendQueue): RouteHandler<'markRead'> {
  return async ({ params, body }, caller) => {
    await appends.read({ ...params, ...body, identity_id: identityOf(caller).id, epoch: null });
    return { body: {} };
  };
}
