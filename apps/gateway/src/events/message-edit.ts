import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';

/** By its author only. */
export function messageEdit(appends: AppendQueue): RequestHandler<'message:edit'> {
  return ({ identity, epoch }, request) =>
    appends.change({ op: 'edit', ...request, identity_id: identity.id, epoch });
}
