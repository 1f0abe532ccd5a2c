import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function listAgentPeople(
  messages: Pick<Client<typeof messagesCalls>, 'listAgentPeople'>,
): RouteHandler<'listAgentPeople'> {
  return async ({ params, query }) => ({
    body: await messages.listAgentPeople({ ...params, ...query }),
  });
}
