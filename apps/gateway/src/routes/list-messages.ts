import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function listMessages(messages: Client<typeof messagesCalls>): RouteHandler<'listMessages'> {
  return async ({ params, query }, caller) => ({
    body: await messages.listMessages({ ...params, ...query, identity_id: identityOf(caller).id }),
  });
}
