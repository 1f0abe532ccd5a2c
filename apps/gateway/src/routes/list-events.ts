import { identityOf } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';
import type { MessagesClient } from '../service-clients';

/** The socket's `sync` over REST. */
export function listEvents({ pages }: Pick<MessagesClient, 'pages'>): RouteHandler<'listEvents'> {
  return async ({ params, query: { compact, ...query } }, caller) => ({
    body: await pages.listEvents({
      ...params,
      ...query,
      compact: compact !== undefined,
      identity_id: identityOf(caller).id,
    }),
  });
}
