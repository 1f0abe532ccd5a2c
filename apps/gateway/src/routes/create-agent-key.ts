import type { authCalls, Client } from '@agent-messenger/contracts';
import type { EndCredentials } from '../connections/end-credentials';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The answer is the only place where the API key is ever shown. */
export function createAgentKey(
  auth: Pick<Client<typeof authCalls>, 'createAgentKey'>,
  endCredentials: EndCredentials,
): RouteHandler<'createAgentKey'> {
  return async ({ params, body }, caller) => {
    const by = adminOrigin(caller);
    const { key, ended } = await auth.createAgentKey({ ...params, ...body, by });
    await endCredentials(ended);
    return { body: key };
  };
}
