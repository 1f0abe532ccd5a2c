import { asyncApiDocument } from '@agent-messenger/contracts';
import { JsonAnswer } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';

/** @param basePath under which this gateway serves the sockets, or nothing */
export function asyncapi(basePath: string): RouteHandler<'asyncapi'> {
  const body = JsonAnswer.of(asyncApiDocument(basePath));
  return async () => ({ body });
}
