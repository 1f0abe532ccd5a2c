import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function listAudit(
  messages: Pick<Client<typeof messagesCalls>, 'listAudit'>,
): RouteHandler<'listAudit'> {
  return async ({ query }) => ({ body: await messages.listAudit(query) });
}
