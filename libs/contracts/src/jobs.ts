import { z } from 'zod';

export const PUSH_PLATFORMS = ['apns', 'fcm', 'webpush'] as const;
export type PushPlatform = (typeof PUSH_PLATFORMS)[number];

/** Tells one device of a person about a conversation. Ids only: the text is read from the store when the job runs. */
export const pushJobSchema = z.object({
  user_id: z.string(),
  conversation_id: z.string(),
  device_id: z.string(),
});
export type PushJob = z.infer<typeof pushJobSchema>;

/** Jobs of one person and conversation coalesce under this key, on each device. */
export function pushDeduplicationId({ user_id, conversation_id, device_id }: PushJob): string {
  return `${user_id}.${conversation_id}.${device_id}`;
}
