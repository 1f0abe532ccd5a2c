import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listAudit({ pages }: Pick<MessagesClient, 'pages'>): RouteHandler<'listAudit'> {
  return async ({ query }) => ({ body: await pages.listAudit(query) });
}
