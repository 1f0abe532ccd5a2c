import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function exportUser(
  messages: Pick<Client<typeof messagesCalls>, 'exportUser'>,
): RouteHandler<'exportUser'> {
  return async ({ params, query }, caller) => ({
    body: await messages.exportUser({ ...params, ...query, by: adminOrigin(caller) }),
  });
}
