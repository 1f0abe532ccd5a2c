import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function listAgentKeys(
  messages: Pick<Client<typeof messagesCalls>, 'listAgentKeys'>,
): RouteHandler<'listAgentKeys'> {
  return async ({ params, query }) => ({
    body: await messages.listAgentKeys({ ...params, ...query }),
  });
}
