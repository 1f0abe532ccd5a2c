import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function updateConversation(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'updateConversation'> {
  return async ({ params, body }, caller) => ({
    body: await messages.updateConversation({
      ...params,
      ...body,
      identity_id: identityOf(caller).id,
    }),
  });
}
