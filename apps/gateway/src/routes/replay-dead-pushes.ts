import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function replayDeadPushes(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'replayDeadPushes'> {
  return async ({ body }) => ({ body: await messages.replayDeadPushes(body) });
}
