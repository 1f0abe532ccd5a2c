import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function getUser(
  messages: Pick<Client<typeof messagesCalls>, 'getUser'>,
): RouteHandler<'getUser'> {
  return async ({ params }) => ({ body: await messages.getUser(params) });
}
