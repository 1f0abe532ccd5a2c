import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listAgentKeys({
  pages,
}: Pick<MessagesClient, 'pages'>): RouteHandler<'listAgentKeys'> {
  return async ({ params, query }) => ({
    body: await pages.listAgentKeys({ ...params, ...query }),
  });
}
