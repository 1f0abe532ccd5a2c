import { z } from 'zod';

export const PUSH_PLATFORMS = ['apns', 'fcm', 'webpush'] as const;
export type PushPlatform = (typeof PUSH_PLATFORMS)[number];

/** A device of a person, and the conversation that it is told about. */
export const pushTargetSchema = z.object({
  user_id: z.string(),
  conversation_id: z.string(),
  device_id: z.string(),
});

/** Tells one device of a person about a conversation. Ids only: the text is read from the store when the job runs. */
export const pushJobSchema = pushTargetSchema.extend({
  /**
   * W3C Trace Context of the message that was the reason; later ones that the job speaks for have traces of their own.
   */
  traceparent: z.string().optional(),
  /** Up to here the device has been told, which could not be noted in the store yet. */
  told_seq: z.int().optional(),
  /** The device cannot be reached, and this job finds out when it can; what else there is for it waits in the store. */
  probes: z.literal(true).optional(),
  /** Why its provider refused it for good: the job only fails, and so becomes a dead letter. */
  refused: z.string().optional(),
});
export type PushJob = z.infer<typeof pushJobSchema>;

/** Devices in one batch. */
export const MOST_IN_BATCH = 100;

/**
 * Tells many devices, of as many people, at the cost of one job. What cannot be done at once of it becomes a job of its
 * own for the device.
 */
export const pushBatchSchema = z.object({
  pushes: z
    .array(pushJobSchema.omit({ probes: true, refused: true }))
    .min(1)
    .max(MOST_IN_BATCH),
});
export type PushBatch = z.infer<typeof pushBatchSchema>;

/** Of a job for one device, whoever adds it. */
export const PUSH_JOB_OPTIONS = {
  // For what is unexpected only: a provider that is down delays its jobs and uses up none.
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: { count: 1_000, age: 3_600 },
  removeOnFail: { count: 5_000, age: 7 * 24 * 3_600 },
  // One of each attempt would be kept: 15 kB of a job that needs one. The last reason is, and the log has the rest.
  stackTraceLimit: 0,
};

/** Of a batch: what it did not do is done by jobs for one device each, so that none of it is ever given up. */
export const PUSH_BATCH_OPTIONS = {
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'fixed', delay: 1_000 },
  removeOnComplete: true,
  removeOnFail: { count: 100, age: 24 * 3_600 },
  stackTraceLimit: 0,
};

/** A job for one device, as it is added. */
export function toBulkJob(data: PushJob, delay = 0) {
  // A job that waits speaks for later messages too; one that runs may have read too early, and runs again. One that
  // only fails speaks for none.
  const deduplication = { id: pushDeduplicationId(data), keepLastIfActive: true };
  const opts = { delay, ...(data.refused === undefined && { deduplication }) };
  return { name: 'push' as const, data, opts };
}

/** Jobs of one person and conversation coalesce under this key, on each device. */
export function pushDeduplicationId({ user_id, conversation_id, device_id }: PushJob): string {
  return `${user_id}.${conversation_id}.${device_id}`;
}
