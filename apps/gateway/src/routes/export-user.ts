import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function exportUser({ pages }: Pick<MessagesClient, 'pages'>): RouteHandler<'exportUser'> {
  return async ({ params, query }, caller) => ({
    body: await pages.exportUser({ ...params, ...query, by: adminOrigin(caller) }),
  });
}
