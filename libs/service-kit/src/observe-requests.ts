import type { RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { requestSeconds } from './service-metrics';

/**
 * Measures every request from here on. The label is the template of the route that answered, never the path: paths
 * hold ids, and strangers can ask for any.
 */
export function observeRequests(registry: Registry): RequestHandler {
  const seconds = requestSeconds(registry);
  return (request, response, next) => {
    // An app within an app: the outer one has it.
    if (response.locals['isObserved']) return next();
    response.locals['isObserved'] = true;
    const from = performance.now();
    response.once('finish', () => {
      const route = request.route as { path: string } | undefined;
      seconds.observe(
        {
          route:
            (response.locals['route'] as string | undefined) ??
            (route ? `${request.method} ${route.path}` : 'none'),
          status: `${Math.floor(response.statusCode / 100)}xx`,
        },
        (performance.now() - from) / 1_000,
      );
    });
    next();
  };
}
