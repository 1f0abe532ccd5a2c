import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** Ends the session, or all of them, and the connections that came with them on whichever gateway they are. */
export function logout(
  auth: Pick<Client<typeof authCalls>, 'logout'>,
  endCredentials: EndCredentials,
): RouteHandler<'logout'> {
  return async ({ body }, caller) => {
    const { ended } = await auth.logout({ ...body, by: originOf(caller) });
    await endCredentials(ended);
    return { body: undefined };
  };
}
