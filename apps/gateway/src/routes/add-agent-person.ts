import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function addAgentPerson(
  messages: Pick<Client<typeof messagesCalls>, 'addAgentPerson'>,
): RouteHandler<'addAgentPerson'> {
  return async ({ params }, caller) => {
    await messages.addAgentPerson({ ...params, by: adminOrigin(caller) });
    return { body: undefined };
  };
}
