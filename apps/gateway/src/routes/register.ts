import type { authCalls, Client } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

export function register(
  auth: Client<typeof authCalls>,
  limits: RateLimits,
  isOpen: boolean,
): RouteHandler<'register'> {
  return async ({ body }, { ip }) => {
    if (!isOpen) throw new AppError('forbidden', 'Registration is closed here');
    await limits.registrations(ip);
    return { body: await auth.register(body) };
  };
}
