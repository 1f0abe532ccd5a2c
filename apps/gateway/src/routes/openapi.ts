import { openApiDocument } from '@agent-messenger/contracts';
import type { RouteHandler } from '../http/rest-server';

export function openapi(): RouteHandler<'openapi'> {
  const document = openApiDocument();
  return async () => ({ body: document });
}
