import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import { withPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

export function adminListAgents(
  messages: Pick<Client<typeof messagesCalls>, 'listAgents'>,
  presence: PresenceService,
): RouteHandler<'adminListAgents'> {
  return async ({ query }) => {
    const { agents, next_cursor } = await messages.listAgents(query);
    return { body: { agents: await withPresence(agents, presence), next_cursor } };
  };
}
