import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import { shownToPeople, withPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

export function listAgents(
  messages: Pick<Client<typeof messagesCalls>, 'listAgents'>,
  presence: PresenceService,
): RouteHandler<'listAgents'> {
  return async ({ query }, caller) => {
    const { agents, next_cursor } = await messages.listAgents({
      ...query,
      user_id: identityOf(caller).id,
    });
    return {
      body: { agents: await withPresence(agents.map(shownToPeople), presence), next_cursor },
    };
  };
}
