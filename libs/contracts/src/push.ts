import { z } from 'zod';
import { PUSH_PLATFORMS } from './jobs';
import { LIMITS } from './limits';
import { wellFormed } from './text';

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');
const timezone = z
  .string()
  .max(64)
  .refine((name) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  }, 'must be an IANA time zone');

/** Which servers it may name is the push worker's to say: the URL comes from the user. */
function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

export const pushTokenSchema = wellFormed(z.string().min(1).max(4_096));

export const pushRegistrationSchema = z
  .object({
    device_id: wellFormed(z.string().min(1).max(128)),
    platform: z.enum(PUSH_PLATFORMS),
    /** For webpush the endpoint. */
    token: pushTokenSchema,
    keys: z
      .object({
        p256dh: wellFormed(z.string().max(256)),
        auth: wellFormed(z.string().max(256)),
      })
      .optional(),
    quiet_hours: z.object({ from: timeOfDay, to: timeOfDay, timezone }).optional(),
  })
  .refine((body) => body.platform !== 'webpush' || body.keys !== undefined, {
    message: 'webpush needs keys',
    path: ['keys'],
  })
  .refine((body) => body.platform !== 'webpush' || isHttps(body.token), {
    message: 'must be an https URL for webpush',
    path: ['token'],
  });
export type PushRegistration = z.infer<typeof pushRegistrationSchema>;

/** What this installation can send pushes with. */
export const pushConfigSchema = z.object({
  platforms: z.array(z.enum(PUSH_PLATFORMS)),
  /** `applicationServerKey` of a browser's subscription. */
  webpush_public_key: z.string().optional(),
});
export type PushConfig = z.infer<typeof pushConfigSchema>;

const deadPushIdSchema = z.string().max(64);
export const deadPushPageSchema = z.object({
  dead: z.array(
    z.object({
      id: deadPushIdSchema,
      platform: z.enum(PUSH_PLATFORMS),
      user_id: z.string(),
      conversation_id: z.string(),
      device_id: z.string(),
      reason: z.string(),
      attempts: z.int(),
      failed_at: z.string(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
/** Without ids: all of them. */
export const replayDeadPushesSchema = z.object({
  ids: z.array(deadPushIdSchema).max(LIMITS.pageMax).optional(),
});
export const replayedPushesSchema = z.object({ replayed: z.int() });
