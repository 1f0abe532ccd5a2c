import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';

/** By its author only; what remains is a tombstone. */
export function messageDelete(appends: AppendQueue): RequestHandler<'message:delete'> {
  return ({ identity, epoch }, request) =>
    appends.change({ op: 'delete', ...request, identity_id: identity.id, epoch });
}
