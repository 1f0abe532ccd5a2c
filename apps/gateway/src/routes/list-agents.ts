import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import { withPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

/** For people, and for operators. */
export function listAgents(
  messages: Client<typeof messagesCalls>,
  presence: PresenceService,
): RouteHandler<'listAgents'> & RouteHandler<'adminListAgents'> {
  return async ({ query }) => {
    const { agents, next_cursor } = await messages.listAgents(query);
    return { body: { agents: await withPresence(agents, presence), next_cursor } };
  };
}
