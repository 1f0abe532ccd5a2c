import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function login(
  auth: Pick<Client<typeof authCalls>, 'login'>,
  endCredentials: EndCredentials,
): RouteHandler<'login'> {
  return async ({ body }, caller) => {
    const { tokens, ended } = await auth.login({ ...body, by: originOf(caller) });
    await endCredentials(ended);
    return { body: tokens };
  };
}
