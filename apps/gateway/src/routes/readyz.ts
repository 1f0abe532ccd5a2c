import type { RouteHandler } from '../http/rest-server';

/** For load balancers: 503 from the moment on at which this gateway asks its clients to move. */
export function readyz(isDraining: () => boolean): RouteHandler<'readyz'> {
  return async () =>
    isDraining() ? { body: { status: 'draining' }, status: 503 } : { body: { status: 'ready' } };
}
