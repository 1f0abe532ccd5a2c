import { authCalls, messagesCalls, type Client } from '@agent-messenger/contracts';
import { createClient, type ServiceContext } from '@agent-messenger/service-kit';
import type { GatewayConfig } from './config';

export interface ServiceClients {
  auth: Client<typeof authCalls>;
  messages: Client<typeof messagesCalls>;
  /** With connections of its own: reads of many slow or greedy readers must not stand in the way of a message. */
  append: Client<typeof messagesCalls>['append'];
}

/** The services behind the gateway. */
export function createServiceClients(
  config: GatewayConfig,
  { scope, tracing }: Pick<ServiceContext, 'scope' | 'tracing'>,
): ServiceClients {
  const shared = { secret: config.INTERNAL_JWT_SECRET, scope, tracing };
  const toMessages = { url: config.MESSAGES_URL, service: 'messages', ...shared };
  return {
    auth: createClient(authCalls, { url: config.AUTH_URL, service: 'auth', ...shared }),
    messages: createClient(messagesCalls, toMessages),
    append: createClient({ append: messagesCalls.append }, toMessages).append,
  };
}
