import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function createConversation(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'createConversation'> {
  return async ({ body }, caller) => {
    const { conversation, created } = await messages.createConversation({
      ...body,
      user_id: identityOf(caller).id,
    });
    return { body: conversation, status: created ? 201 : 200 };
  };
}
