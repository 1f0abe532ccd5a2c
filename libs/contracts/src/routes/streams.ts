import { z } from 'zod';
import { clientIdSchema } from '../ids';
import { streamStopBodySchema } from '../streams';
import type { RouteContract } from './route-contract';
import { inConversation } from './route-contract';

export const streamsRoutes = {
  stopStream: {
    summary: 'Asks the agent to stop a stream; it has 10 s to end it.',
    method: 'post',
    path: '/conversations/:conversation_id/streams/:stream_id/stop',
    caller: 'person',
    params: inConversation.extend({ stream_id: clientIdSchema }),
    body: streamStopBodySchema,
    response: z.object({}),
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
