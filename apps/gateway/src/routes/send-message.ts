import type { AppendQueue } from '../writes/append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `message:send` over REST; a call carries no epoch and is not fenced. */
export function sendMessage(appends: AppendQueue): RouteHandler<'sendMessage'> {
  return async ({ params, body }, caller) => {
    const { id } = identityOf(caller);
    const sent = await appends.send({ ...params, ...body, identity_id: id, epoch: null });
    return { body: sent, status: sent.duplicate ? 200 : 201 };
  };
}
