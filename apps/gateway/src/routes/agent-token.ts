import type { authCalls, Client } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import type { RateLimits } from '../rate-limits';

/** An API key for a short token, so that reconnects cost no bcrypt. */
export function agentToken(
  auth: Client<typeof authCalls>,
  limits: RateLimits,
): RouteHandler<'agentToken'> {
  return async (_input, { ip, apiKey }) => {
    await limits.refreshes(ip);
    return { body: await auth.agentToken({ api_key: apiKey ?? '' }) };
  };
}
