import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';
import { agentWithPresence } from '../presence/agents';
import type { PresenceService } from '../presence/presence';

/** For people, and for operators. */
export function getAgent(
  messages: Client<typeof messagesCalls>,
  presence: PresenceService,
): RouteHandler<'getAgent'> & RouteHandler<'adminGetAgent'> {
  return async ({ params }) => ({
    body: await agentWithPresence(await messages.getAgent(params), presence),
  });
}
