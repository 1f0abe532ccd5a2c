import { z } from 'zod';
import { agentIdSchema } from '../ids';
import { agentSchema } from '../objects';
import type { RouteContract } from './route-contract';
import { nextCursor, pageQuery } from './route-contract';

export const agentsRoutes = {
  listAgents: {
    summary: 'The agents that the caller may talk to, with their presence.',
    method: 'get',
    path: '/agents',
    caller: 'person',
    query: pageQuery,
    response: z.object({ agents: z.array(agentSchema), ...nextCursor }),
    status: 200,
  },
  getAgent: {
    summary: 'One agent that the caller may talk to, with its presence.',
    method: 'get',
    path: '/agents/:agent_id',
    caller: 'person',
    params: z.object({ agent_id: agentIdSchema }),
    response: agentSchema,
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
