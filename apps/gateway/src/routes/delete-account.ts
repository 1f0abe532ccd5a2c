import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import type { ForgetPerson } from '../connections/forget-person';
import { credentialOf, identityOf, originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function deleteAccount(
  auth: Pick<Client<typeof authCalls>, 'deleteAccount'>,
  endCredentials: EndCredentials,
  forgetPerson: ForgetPerson,
): RouteHandler<'deleteAccount'> {
  return async ({ body }, caller) => {
    const { ended } = await auth.deleteAccount({
      ...body,
      user_id: identityOf(caller).id,
      session_id: credentialOf(caller),
      by: originOf(caller),
    });
    await endCredentials(ended);
    await forgetPerson(identityOf(caller).id);
    return { body: undefined };
  };
}
