import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function unregisterPush(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'unregisterPush'> {
  return async ({ body }, caller) => {
    await messages.unregisterPush({ user_id: identityOf(caller).id, token: body.token });
    return { body: undefined };
  };
}
