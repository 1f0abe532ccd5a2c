import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The socket's `sync` over REST. */
export function listEvents(messages: Client<typeof messagesCalls>): RouteHandler<'listEvents'> {
  return async ({ params, query }, caller) => {
    const { events, has_more, last_seq, log_id } = await messages.readLog({
      ...params,
      ...query,
      identity_id: identityOf(caller).id,
      epoch: null,
    });
    return { body: { events, has_more, last_seq, log_id } };
  };
}
