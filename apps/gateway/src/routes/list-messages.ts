import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

export function listMessages({
  pages,
}: Pick<MessagesClient, 'pages'>): RouteHandler<'listMessages'> {
  return async ({ params, query }, caller) => ({
    body: await pages.listMessages({ ...params, ...query, identity_id: identityOf(caller).id }),
  });
}
