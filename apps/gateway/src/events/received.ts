import type { AppendQueue } from '../writes/append-queue';
import type { RequestHandler } from '../requests/dispatch';

/**
 * Cumulative: the identity has taken responsibility for everything up to `seq`. The store clamps it to the log. Who
 * asks for an answer gets it when the store has the position, and all that this connection reported before.
 */
export function received(appends: AppendQueue): RequestHandler<'received'> {
  return async (connection, { visible = true, ...reported }, isAwaited) => {
    const { identity, epoch, logId: log_id, feed } = connection;
    feed?.received(reported.conversation_id, reported.seq);
    const seen = visible ? {} : { seen_seq: 0 };
    const position = { ...reported, ...seen, identity_id: identity.id, epoch, log_id };
    if (isAwaited) await appends.received(position);
    else appends.noteReceived(position);
    return {};
  };
}
