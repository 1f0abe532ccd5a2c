import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function getPushConfig(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'getPushConfig'> {
  return async () => {
    const { push } = await messages.pushConfig({});
    return { body: push ?? { platforms: [] } };
  };
}
