import type { authCalls, Client } from '@agent-messenger/contracts';
import { originOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** An API key for a short token, so that reconnects cost no bcrypt. */
export function agentToken(
  auth: Pick<Client<typeof authCalls>, 'agentToken'>,
): RouteHandler<'agentToken'> {
  return async (_input, caller) => ({
    body: await auth.agentToken({ api_key: caller.apiKey ?? '', by: originOf(caller) }),
  });
}
