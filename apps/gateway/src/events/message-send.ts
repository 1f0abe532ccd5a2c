import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';

/** Answered after the commit. */
export function messageSend(appends: AppendQueue): RequestHandler<'message:send'> {
  return ({ identity, epoch }, send) => appends.send({ ...send, identity_id: identity.id, epoch });
}
