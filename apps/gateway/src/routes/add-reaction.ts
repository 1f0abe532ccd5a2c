import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `reaction:set` over REST, on. */
export function addReaction(appends: AppendQueue): RouteHandler<'addReaction'> {
  return async ({ params }, caller) => {
    const { id } = identityOf(caller);
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
