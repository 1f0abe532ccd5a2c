import { authCalls, messagesCalls, type Client } from '@agent-messenger/contracts';
import {
  createClient,
  createJsonClient,
  createStreamClient,
  type JsonClient,
  type StreamClient,
  type ServiceContext,
} from '@agent-messenger/service-kit';
import type { GatewayConfig } from './config';

/** What is read for somebody who is answered with just that: the bytes are passed on, and not parsed here. */
const pageCalls = {
  exportUser: messagesCalls.exportUser,
  getConversation: messagesCalls.getConversation,
  listAgentKeys: messagesCalls.listAgentKeys,
  listAudit: messagesCalls.listAudit,
  listConversations: messagesCalls.listConversations,
  listEvents: messagesCalls.listEvents,
  listMessages: messagesCalls.listMessages,
  listSessions: messagesCalls.listSessions,
  listUsers: messagesCalls.listUsers,
};

const syncCalls = { listEvents: messagesCalls.listEvents };

/** With connections of its own for pages. */
export interface MessagesClient extends Client<typeof messagesCalls> {
  pages: StreamClient<typeof pageCalls>;
  /** Pages of the log for sockets: a frame is whole. */
  sync: JsonClient<typeof syncCalls>;
}

export interface ServiceClients {
  auth: Client<typeof authCalls>;
  messages: MessagesClient;
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
    messages: {
      ...createClient(messagesCalls, toMessages),
      pages: createStreamClient(pageCalls, toMessages),
      sync: createJsonClient(syncCalls, toMessages),
    },
    append: createClient({ append: messagesCalls.append }, toMessages).append,
  };
}
