import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function listUsers(
  messages: Pick<Client<typeof messagesCalls>, 'listUsers'>,
): RouteHandler<'listUsers'> {
  return async ({ query }) => ({ body: await messages.listUsers(query) });
}
