import type { authCalls, Client } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

/** The answer is the only place where the API key is ever shown. */
export function createAgent(auth: Client<typeof authCalls>): RouteHandler<'createAgent'> {
  return async ({ body }) => {
    const { agent, api_key, key_id } = await auth.createAgent(body);
    return { body: { agent: { ...agent, status: 'offline', last_seen: null }, api_key, key_id } };
  };
}
