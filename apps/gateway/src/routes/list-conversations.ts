import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function listConversations(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'listConversations'> {
  return async ({ query }, caller) => ({
    body: await messages.listConversations({ ...query, identity_id: identityOf(caller).id }),
  });
}
