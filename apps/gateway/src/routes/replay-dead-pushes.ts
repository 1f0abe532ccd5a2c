import type { Client, messagesCalls } from '@agent-messenger/contracts';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

export function replayDeadPushes(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'replayDeadPushes'> {
  return async ({ body }, caller) => ({
    body: await messages.replayDeadPushes({ ...body, by: adminOrigin(caller) }),
  });
}
