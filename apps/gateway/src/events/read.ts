import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';

export function read(appends: AppendQueue): RequestHandler<'read'> {
  return async ({ identity, epoch, logId: log_id }, position) => {
    await appends.read({ ...position, identity_id: identity.id, epoch, log_id });
    return {};
  };
}
