import type { AppendQueue } from '../append-queue';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** The socket's `message:send` over REST; a call carries no epoch and is not fenced. */
export function sendMessage(appends: AppendQueue, limits: RateLimits): RouteHandler<'sendMessage'> {
  return async ({ params, body }, caller) => {
    const { id } = identityOf(caller);
    await limits.sendsOfIdentity(id);
    await limits.sendsOfIp(caller.ip);
    const sent = await appends.send({ ...params, ...body, identity_id: id, epoch: null });
    return { body: sent, status: sent.duplicate ? 200 : 201 };
  };
}
