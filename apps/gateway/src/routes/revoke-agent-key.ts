import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function revokeAgentKey(
  messages: Pick<Client<typeof messagesCalls>, 'revokeAgentKey'>,
  endCredentials: EndCredentials,
): RouteHandler<'revokeAgentKey'> {
  return async ({ params }, caller) => {
    const { ended } = await messages.revokeAgentKey({ ...params, by: adminOrigin(caller) });
    await endCredentials(ended);
    return { body: undefined };
  };
}
