import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function endSessions(
  messages: Pick<Client<typeof messagesCalls>, 'endSessions'>,
  endCredentials: EndCredentials,
): RouteHandler<'endSessions'> {
  return async ({ params }, caller) => {
    const { ended } = await messages.endSessions({ ...params, by: adminOrigin(caller) });
    await endCredentials(ended);
    return { body: undefined };
  };
}
