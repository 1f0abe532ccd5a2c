import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function getConversation({
  pages,
}: Pick<MessagesClient, 'pages'>): RouteHandler<'getConversation'> {
  return async ({ params, query }, caller) => ({
    body: await pages.getConversation({
      ...params,
      compact: query.compact !== undefined,
      identity_id: identityOf(caller).id,
    }),
  });
}
