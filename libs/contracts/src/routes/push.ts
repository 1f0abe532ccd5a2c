import { z } from 'zod';
import { pushConfigSchema, pushRegistrationSchema, pushTokenSchema } from '../push';
import type { RouteContract } from './route-contract';

export const pushRoutes = {
  registerPush: {
    summary: 'Registers a device for push notifications.',
    method: 'post',
    path: '/push/register',
    caller: 'person',
    body: pushRegistrationSchema,
    response: null,
    status: 204,
  },
  unregisterPush: {
    summary: 'Removes a device by its token.',
    method: 'delete',
    path: '/push/unregister',
    caller: 'person',
    body: z.object({ token: pushTokenSchema }),
    response: null,
    status: 204,
  },
  getPushConfig: {
    summary:
      'What this installation can send pushes with, and the key for browsers to subscribe with.',
    method: 'get',
    path: '/push/config',
    caller: 'person',
    response: pushConfigSchema,
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
