import type { authCalls, Client } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';

/** Without asymmetric keys there is nothing to publish. */
export function jwks(auth: Pick<Client<typeof authCalls>, 'jwks'>): RouteHandler<'jwks'> {
  return async () => {
    const body = await auth.jwks({});
    if (body.keys.length === 0) throw new AppError('not_found', 'Tokens are not signed with ES256');
    return { body };
  };
}
