import type { authCalls, Client } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function logout(auth: Client<typeof authCalls>): RouteHandler<'logout'> {
  return async ({ body }) => {
    await auth.logout(body);
    return { body: undefined };
  };
}
