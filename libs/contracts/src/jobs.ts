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
  /** W3C Trace Context of the message that was the reason; later ones that the job speaks for have traces of their own. */
  traceparent: z.string().optional(),
  /** Up to here the device has been told, which could not be noted in the store yet. */
  told_seq: z.int().optional(),
  /** The device cannot be reached, and this job finds out when it can; what else there is for it waits in the store. */
  probes: z.literal(true).optional(),
});
export type PushJob = z.infer<typeof pushJobSchema>;

/** Jobs of one person and conversation coalesce under this key, on each device. */
export function pushDeduplicationId({ user_id, conversation_id, device_id }: PushJob): string {
  return `${user_id}.${conversation_id}.${device_id}`;
}
