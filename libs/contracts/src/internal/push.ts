import { z } from 'zod';
import { originSchema } from '../admin';
import { pushTargetSchema } from '../jobs';
import {
  deadPushPageSchema,
  pushConfigSchema,
  pushRegistrationSchema,
  replayDeadPushesSchema,
  replayedPushesSchema,
} from '../push';
import type { CallContract } from './call-contract';
import { identityId, ok, page, seq } from './call-contract';

export const pushCalls = {
  /** A registration outlives what it was made with: `unauthorized` when that session has ended. */
  registerPush: {
    request: z.object({
      user_id: identityId,
      session_id: z.string(),
      registration: pushRegistrationSchema,
    }),
    response: ok,
  },
  unregisterPush: { request: z.object({ user_id: identityId, token: z.string() }), response: ok },
  /** What a device would be told about this conversation now; null when there is nothing (left) to say. */
  pushState: {
    request: pushTargetSchema,
    response: z.object({
      push: z
        .object({
          seq,
          /** When the message was committed. */
          at: z.string(),
          /** When the device was last told about this conversation. */
          pushed_at: z.string().nullable(),
          agent_name: z.string(),
          content: z.string().nullable(),
          badge: z.int().min(0),
          device: pushRegistrationSchema.and(z.object({ registered_at: z.string() })),
        })
        .nullable(),
    }),
  },
  markPushed: { request: pushTargetSchema.extend({ seq }), response: ok },
  /** Removes a token that its provider calls dead, unless it was registered (again) after that time. */
  dropPushToken: {
    request: z.object({ token: z.string(), registered_until: z.string() }),
    response: z.object({ dropped: z.boolean() }),
  },
  /** What the push worker can send: no jobs are made for the other platforms. */
  announcePush: { request: pushConfigSchema, response: ok },
  /** What was announced last; null before that. */
  pushConfig: { request: z.object({}), response: z.object({ push: pushConfigSchema.nullable() }) },
  listDeadPushes: { request: z.object(page), response: deadPushPageSchema },
  replayDeadPushes: {
    request: replayDeadPushesSchema.extend({ by: originSchema }),
    response: replayedPushesSchema,
  },
} as const satisfies Record<string, CallContract>;
