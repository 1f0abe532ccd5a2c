import { type OpenApiOptions, openApiDocument } from '@agent-messenger/contracts';
import { JsonAnswer } from '@agent-messenger/service-kit';
import type { RouteHandler } from '../http/rest-server';

export function openapi(options: OpenApiOptions): RouteHandler<'openapi'> {
  // Anybody may ask, and making its JSON anew took milliseconds.
  const body = JsonAnswer.of(openApiDocument(options));
  return async () => ({ body });
}
