import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function eraseUser(
  messages: Pick<Client<typeof messagesCalls>, 'eraseUser'>,
  endCredentials: EndCredentials,
): RouteHandler<'eraseUser'> {
  return async ({ params }, caller) => {
    const { ended } = await messages.eraseUser({ ...params, by: adminOrigin(caller) });
    await endCredentials(ended);
    return { body: undefined };
  };
}
