import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { RequestHandler } from '../dispatch';

/** A page of the log from a device's own position, which may be behind the identity's. */
export function sync(
  messages: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RequestHandler<'sync'> {
  return async (connection, request) => {
    const { identity, epoch } = connection;
    // One page after the other, and none while the peer does not read: a page may be a megabyte.
    return connection.pages(async () => {
      if (!(await connection.hasRoom()))
        throw new AppError('unavailable', 'The connection has ended');
      const { events, has_more, last_seq, log_id } = await messages.readLog({
        ...request,
        identity_id: identity.id,
        epoch,
      });
      return { events, has_more, last_seq, log_id };
    });
  };
}
