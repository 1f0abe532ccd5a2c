import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function listDeadPushes(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'listDeadPushes'> {
  return async ({ query }) => ({ body: await messages.listDeadPushes(query) });
}
