import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function loginByLink(
  auth: Pick<Client<typeof authCalls>, 'loginByLink'>,
  endCredentials: EndCredentials,
): RouteHandler<'loginByLink'> {
  return async ({ body }, caller) => {
    const { tokens, ended } = await auth.loginByLink({ ...body, by: originOf(caller) });
    await endCredentials(ended);
    return { body: tokens };
  };
}
