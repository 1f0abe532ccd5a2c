import { asyncApiServers } from '@agent-messenger/contracts';
import { documents } from '../http/documents';
import type { RouteHandler } from '../http/rest-server';
import { servedDocument } from '../http/served-document';

/** @param basePath under which this gateway serves the sockets, or nothing */
export function asyncapi(basePath: string): RouteHandler<'asyncapi'> {
  const body = servedDocument(() => documents.asyncapi, asyncApiServers(basePath));
  return async () => ({ body: body() });
}
