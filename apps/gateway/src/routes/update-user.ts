import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function updateUser(
  auth: Pick<Client<typeof authCalls>, 'updateUser'>,
  endCredentials: EndCredentials,
): RouteHandler<'updateUser'> {
  return async ({ params, body }, caller) => {
    const { user, ended } = await auth.updateUser({
      ...params,
      ...body,
      by: adminOrigin(caller),
    });
    await endCredentials(ended);
    return { body: user };
  };
}
