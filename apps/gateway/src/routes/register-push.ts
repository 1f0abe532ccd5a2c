import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { credentialOf, identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function registerPush(messages: Client<typeof messagesCalls>): RouteHandler<'registerPush'> {
  return async ({ body }, caller) => {
    await messages.registerPush({
      user_id: identityOf(caller).id,
      session_id: credentialOf(caller),
      registration: body,
    });
    return { body: undefined };
  };
}
