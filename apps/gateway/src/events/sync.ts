import { AppError } from '@agent-messenger/service-kit';
import { pageBytesWithin } from '../compact/fit-frame';
import { PageAck } from '../compact/page-ack';
import type { RequestHandler } from '../requests/dispatch';
import type { MessagesClient } from '../service-clients';

/** A page of the log from a device's own position, which may be behind the identity's. */
export function sync({ listEvents }: MessagesClient['sync']): RequestHandler<'sync'> {
  return async (connection, request) => {
    const { identity, epoch, isCompact, maxFrameBytes } = connection;
    // One page after the other, and none while the peer does not read: a page may be half a megabyte.
    return connection.page(async () => {
      if (!(await connection.hasRoom()))
        throw new AppError('unavailable', 'The connection has ended');
      const page = await listEvents({
        ...request,
        identity_id: identity.id,
        epoch,
        compact: isCompact,
        ...(maxFrameBytes !== undefined && { max_bytes: pageBytesWithin(maxFrameBytes) }),
      });
      return new PageAck(page);
    });
  };
}
