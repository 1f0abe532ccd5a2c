import type { authCalls, Client } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function register(
  auth: Pick<Client<typeof authCalls>, 'register'>,
  isOpen: boolean,
): RouteHandler<'register'> {
  return async ({ body }, caller) => {
    if (!isOpen) throw new AppError('forbidden', 'Registration is closed here');
    return { body: await auth.register({ ...body, by: originOf(caller) }) };
  };
}
