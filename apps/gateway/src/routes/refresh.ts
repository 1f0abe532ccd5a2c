import type { authCalls, Client } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { EndCredentials } from '../connections/end-credentials';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** A refresh token that was stolen ends its session, and the connection that came with it. */
export function refresh(
  auth: Pick<Client<typeof authCalls>, 'refresh'>,
  endCredentials: EndCredentials,
): RouteHandler<'refresh'> {
  return async ({ body }, caller) => {
    const { tokens, ended } = await auth.refresh({ ...body, by: originOf(caller) });
    await endCredentials(ended);
    if (!tokens) throw new AppError('unauthorized', 'The refresh token is not valid');
    return { body: tokens };
  };
}
