import { z } from 'zod';
import { originSchema } from '../admin';
import { pushTargetSchema } from '../jobs';
import {
  deadPushPageSchema,
  pushAnnouncementSchema,
  pushQueueSchema,
  pushRegistrationSchema,
  replayDeadPushesSchema,
  replayedPushesSchema,
} from '../push';
import type { CallContract } from './call-contract';
import { identityId, ok, page, seq } from './call-contract';

/** In one call. */
export const MOST_PUSHES = 500;

const pushStateSchema = z.object({
  push: z
    .object({
      seq,
      /** The message's `updated_seq`. */
      rev: z.int().optional(),
      /**
       * Nothing new: what the device shows was read or deleted, and goes, or has become this message. Then `at` is
       * when the device was told, and the person is not to notice.
       */
      change: z.enum(['withdrawn', 'updated']).optional(),
      /** When the message was committed. */
      at: z.string(),
      /** When the device was last told about this conversation. */
      pushed_at: z.string().nullable(),
      agent_name: z.string(),
      content: z.string().nullable(),
      /** Labels of the actions that can be chosen of. */
      actions: z.array(z.string()).optional(),
      /** The label of what was chosen. */
      chosen: z.string().optional(),
      badge: z.int().min(0),
      device: pushRegistrationSchema.and(z.object({ registered_at: z.string() })),
    })
    .nullable(),
});

const pushMarkSchema = pushTargetSchema.extend({
  seq,
  /** As in the state that was told. */
  rev: z.int().optional(),
  /** The device shows nothing of the conversation any more. */
  withdrawn: z.boolean().optional(),
});

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
  pushState: { request: pushTargetSchema, response: pushStateSchema },
  /** The same of many at once, in their order: a worker has a hundred jobs under way. */
  pushStates: {
    request: z.object({ targets: z.array(pushTargetSchema).min(1).max(MOST_PUSHES) }),
    response: z.object({ states: z.array(pushStateSchema) }),
  },
  /** Also says that the device can be reached: what waited for that is queued. */
  markPushed: { request: pushMarkSchema, response: ok },
  /** The same of many at once: one commit. */
  markAllPushed: {
    request: z.object({ marks: z.array(pushMarkSchema).min(1).max(MOST_PUSHES) }),
    response: ok,
  },
  /**
   * The device cannot be told for now. `probes`: this job waits and tries again, for all conversations of the device;
   * otherwise it ends, and its conversation waits in the store.
   */
  holdPush: { request: pushTargetSchema, response: z.object({ probes: z.boolean() }) },
  /** A job that probed has ended without telling anything: what waited for it is queued. */
  releasePush: { request: pushTargetSchema, response: ok },
  /** Removes a token that its provider calls dead, unless it was registered (again) after that time. */
  dropPushToken: {
    request: z.object({ token: z.string(), registered_until: z.string() }),
    response: z.object({ dropped: z.boolean() }),
  },
  /** What the push worker can send: no jobs are made for the other platforms. */
  announcePush: { request: pushAnnouncementSchema, response: ok },
  /** What was announced last; null before that. `log_id`: of the store that knows it. */
  pushConfig: {
    request: z.object({}),
    response: z.object({ push: pushAnnouncementSchema.nullable(), log_id: z.string().optional() }),
  },
  /** The jobs of every platform. */
  pushQueues: { request: z.object({}), response: z.object({ queues: z.array(pushQueueSchema) }) },
  listDeadPushes: { request: z.object(page), response: deadPushPageSchema },
  replayDeadPushes: {
    request: replayDeadPushesSchema.extend({ by: originSchema }),
    response: replayedPushesSchema,
  },
} as const satisfies Record<string, CallContract>;
