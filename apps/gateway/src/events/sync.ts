import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RequestHandler } from '../dispatch';

/** A page of the log from a device's own position, which may be behind the identity's. */
export function sync(
  messages: Pick<Client<typeof messagesCalls>, 'readLog'>,
): RequestHandler<'sync'> {
  return async ({ identity, epoch }, request) => {
    const { events, has_more, last_seq, log_id } = await messages.readLog({
      ...request,
      identity_id: identity.id,
      epoch,
    });
    return { events, has_more, last_seq, log_id };
  };
}
