import type { authCalls, Client } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** Also when registration is closed. */
export function createUser(
  auth: Pick<Client<typeof authCalls>, 'register'>,
): RouteHandler<'createUser'> {
  return async ({ body }, caller) => ({
    body: await auth.register({ ...body, by: adminOrigin(caller) }),
  });
}
