import { openApiServers } from '@agent-messenger/contracts';
import { documents } from '../http/documents';
import type { RouteHandler } from '../http/rest-server';
import { servedDocument } from '../http/served-document';

/** @param basePath under which this gateway serves the routes, or nothing */
export function openapi(basePath: string): RouteHandler<'openapi'> {
  const body = servedDocument(() => documents.openapi, openApiServers(basePath));
  return async () => ({ body: body() });
}
