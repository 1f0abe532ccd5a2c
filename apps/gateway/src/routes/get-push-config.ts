import { routes, type Client, type messagesCalls } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function getPushConfig(
  messages: Client<typeof messagesCalls>,
): RouteHandler<'getPushConfig'> {
  return async () => {
    const { push } = await messages.pushConfig({});
    return { body: routes.getPushConfig.response.parse(push ?? { platforms: [] }) };
  };
}
