import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function deleteAgent(
  messages: Pick<Client<typeof messagesCalls>, 'deleteAgent'>,
  endCredentials: EndCredentials,
): RouteHandler<'deleteAgent'> {
  return async ({ params }, caller) => {
    const { ended } = await messages.deleteAgent({ ...params, by: adminOrigin(caller) });
    await endCredentials(ended);
    return { body: undefined };
  };
}
