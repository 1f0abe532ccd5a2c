import { z } from 'zod';

/** A push job: ids only, the text is read from the store when the job runs. */
export const pushJobSchema = z.object({ user_id: z.string(), conversation_id: z.string() });
export type PushJob = z.infer<typeof pushJobSchema>;
/** Jobs of one person and conversation coalesce under this key. */
export function pushDeduplicationId(job: PushJob): string {
  return `${job.user_id}.${job.conversation_id}`;
}
