import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import { agentWithPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

export function adminGetAgent(
  messages: Pick<Client<typeof messagesCalls>, 'getAgent'>,
  presence: PresenceService,
): RouteHandler<'adminGetAgent'> {
  return async ({ params }) => {
    const agent = await messages.getAgent(params);
    return { body: await agentWithPresence(agent, presence) };
  };
}
