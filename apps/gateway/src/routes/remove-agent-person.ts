import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function removeAgentPerson(
  messages: Pick<Client<typeof messagesCalls>, 'removeAgentPerson'>,
): RouteHandler<'removeAgentPerson'> {
  return async ({ params }, caller) => {
    await messages.removeAgentPerson({ ...params, by: adminOrigin(caller) });
    return { body: undefined };
  };
}
