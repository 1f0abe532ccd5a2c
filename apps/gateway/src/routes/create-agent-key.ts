import type { authCalls, Client } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The answer is the only place where the API key is ever shown. */
export function createAgentKey(
  auth: Pick<Client<typeof authCalls>, 'createAgentKey'>,
): RouteHandler<'createAgentKey'> {
  return async ({ params, body }, caller) => ({
    body: await auth.createAgentKey({ ...params, ...body, by: adminOrigin(caller) }),
  });
}
