import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import { agentWithPresence, shownToPeople } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

export function getAgent(
  messages: Pick<Client<typeof messagesCalls>, 'getAgent'>,
  presence: PresenceService,
): RouteHandler<'getAgent'> {
  return async ({ params }, caller) => {
    const agent = await messages.getAgent({
      ...params,
      user_id: identityOf(caller).id,
    });
    return { body: await agentWithPresence(shownToPeople(agent), presence) };
  };
}
