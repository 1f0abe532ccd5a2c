import type { authCalls, Client } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

export function refresh(
  auth: Client<typeof authCalls>,
  limits: RateLimits,
): RouteHandler<'refresh'> {
  return async ({ body }, { ip }) => {
    await limits.refreshes(ip);
    return { body: await auth.refresh(body) };
  };
}
