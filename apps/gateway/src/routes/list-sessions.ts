import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listSessions({
  pages,
}: Pick<MessagesClient, 'pages'>): RouteHandler<'listSessions'> {
  return async ({ params, query }) => ({
    body: await pages.listSessions({ ...params, ...query }),
  });
}
