import type { authCalls, Client } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** The answer is the only place where the API key is ever shown. */
export function createAgent(
  auth: Pick<Client<typeof authCalls>, 'createAgent'>,
): RouteHandler<'createAgent'> {
  return async ({ body }, caller) => {
    const { agent, ...key } = await auth.createAgent({ ...body, by: adminOrigin(caller) });
    return { body: { agent: { ...agent, status: 'offline', last_seen: null }, ...key } };
  };
}
