import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function getConversation(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'getConversation'> {
  return async ({ params }, caller) => ({
    body: await messages.getConversation({ ...params, identity_id: identityOf(caller).id }),
  });
}
