import { z } from 'zod';
import { healthSchema } from '../health';
import type { RouteContract } from './route-contract';

/** About the service itself. */
export const serviceRoutes = {
  health: {
    summary: 'Whether this gateway and what it depends on work.',
    method: 'get',
    path: '/health',
    caller: 'anyone',
    response: healthSchema,
    status: 200,
    drainingStatus: 503,
  },
  readyz: {
    summary:
      'Whether this gateway takes connections: 200, or 503 while it drains. For load balancers.',
    method: 'get',
    path: '/readyz',
    caller: 'anyone',
    response: z.object({ status: z.enum(['ready', 'draining']) }),
    status: 200,
    drainingStatus: 503,
  },
  openapi: {
    summary: 'These routes as an OpenAPI 3.1 document.',
    method: 'get',
    path: '/openapi.json',
    caller: 'anyone',
    response: z.record(z.string(), z.unknown()),
    status: 200,
  },
  asyncapi: {
    summary: 'The sockets as an AsyncAPI 3.0 document.',
    method: 'get',
    path: '/asyncapi.json',
    caller: 'anyone',
    response: z.record(z.string(), z.unknown()),
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
