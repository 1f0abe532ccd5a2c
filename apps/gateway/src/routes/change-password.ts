import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { credentialOf, identityOf, originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The session from which the password was changed goes on, all others end. */
export function changePassword(
  auth: Pick<Client<typeof authCalls>, 'changePassword'>,
  endCredentials: EndCredentials,
): RouteHandler<'changePassword'> {
  return async ({ body }, caller) => {
    const { ended } = await auth.changePassword({
      ...body,
      user_id: identityOf(caller).id,
      session_id: credentialOf(caller),
      by: originOf(caller),
    });
    await endCredentials(ended);
    return { body: undefined };
  };
}
