import type { AppendQueue } from '../append-queue';
import type { RequestHandler } from '../dispatch';

/** Cumulative: the identity has taken responsibility for everything up to `seq`. The store clamps it to the log. */
export function received(appends: AppendQueue): RequestHandler<'received'> {
  return ({ identity, epoch, logId: log_id }, position) => {
    appends.noteReceived({ ...position, identity_id: identity.id, epoch, log_id });
    return {};
  };
}
