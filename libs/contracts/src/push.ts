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
  }, 'must be an IANA time zone')
  .describe('An IANA time zone, `Europe/Berlin` for instance.');

/** Which servers it may name is the push worker's to say: the URL comes from the user. */
function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

/** As PushSubscription.toJSON() gives them; RFC 8291: an uncompressed point of P-256, 65 bytes, and 16 bytes. */
const webPushKeysSchema = z.object({
  p256dh: z.string().regex(/^B[A-P][\w+/-]{85}=?$/, 'must be a point of P-256 as base64url'),
  auth: z.string().regex(/^[\w+/-]{22}(==)?$/, 'must be 16 bytes as base64url'),
});

export const pushTokenSchema = wellFormed(z.string().min(1).max(4_096));

export const pushRegistrationSchema = z
  .object({
    device_id: wellFormed(z.string().min(1).max(128)),
    platform: z.enum(PUSH_PLATFORMS),
    /** For webpush the endpoint. */
    token: pushTokenSchema,
    keys: webPushKeysSchema.optional(),
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
  /** Of these the ones whose pushes are written to the log of the worker, for development, and sent to nobody. */
  logged: z.array(z.enum(PUSH_PLATFORMS)).optional(),
  /** `applicationServerKey` of a browser's subscription. */
  webpush_public_key: z.string().optional(),
  /** Push services that endpoints may be at, `https://host[:port]`; a host may begin with `*.`. */
  webpush_origins: z.array(z.string()).optional(),
});
export type PushConfig = z.infer<typeof pushConfigSchema>;

/** What the push worker tells of itself. */
export const pushAnnouncementSchema = pushConfigSchema.extend({
  worker_version: z.string().max(64).optional(),
  /** Whether it takes batches: one of before them does not look at their queue. */
  batches: z.boolean().optional(),
});

/** Jobs of one push provider. */
export const pushQueueSchema = z.object({
  platform: z.enum(PUSH_PLATFORMS),
  waiting: z.int(),
  active: z.int(),
  /** Wait for their time: a retry, the end of quiet hours. */
  delayed: z.int(),
  /** Were given up, and can be replayed. */
  dead: z.int(),
  /** Push workers that take jobs; null where Redis does not tell. */
  workers: z.int().nullable(),
});

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
