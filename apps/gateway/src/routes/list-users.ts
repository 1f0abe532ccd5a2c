import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listUsers({ pages }: Pick<MessagesClient, 'pages'>): RouteHandler<'listUsers'> {
  return async ({ query }) => ({ body: await pages.listUsers(query) });
}
