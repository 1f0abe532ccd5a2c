import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listConversations({
  pages,
}: Pick<MessagesClient, 'pages'>): RouteHandler<'listConversations'> {
  return async ({ query: { compact, ...query } }, caller) => ({
    body: await pages.listConversations({
      ...query,
      compact: compact !== undefined,
      identity_id: identityOf(caller).id,
    }),
  });
}
