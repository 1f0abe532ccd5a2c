import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function deleteConversation(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'deleteConversation'> {
  return async ({ params }, caller) => {
    await messages.deleteConversation({ ...params, identity_id: identityOf(caller).id });
    return { body: undefined };
  };
}
