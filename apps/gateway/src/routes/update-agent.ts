import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import { agentWithPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

export function updateAgent(
  messages: Pick<Client<typeof messagesCalls>, 'updateAgent'>,
  presence: PresenceService,
): RouteHandler<'updateAgent'> {
  return async ({ params, body }, caller) => {
    const agent = await messages.updateAgent({ ...params, ...body, by: adminOrigin(caller) });
    return { body: await agentWithPresence(agent, presence) };
  };
}
