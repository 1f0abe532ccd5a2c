import { z } from 'zod';
import { ERROR_CODES } from './errors';
import { healthSchema } from './health';
import { agentStatusSchema } from './objects';
import { pushQueueSchema } from './push';
import { passwordSchema, timeSchema } from './text';

/** A person as operators see it. */
export const userSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    created_at: timeSchema,
    last_connected_at: timeSchema.nullable(),
    /** Since when it can not log in. */
    disabled_at: timeSchema.nullable(),
    /** Sessions that have not ended. */
    sessions: z.int(),
    /** Devices that get pushes. */
    devices: z.int(),
    conversations: z.int(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

/** One login of a person that has not ended. */
export const sessionSchema = z
  .object({
    id: z.string(),
    created_at: timeSchema,
    /** When it was begun, refreshed, or connected with last; a connect within ten minutes of that may not show. */
    last_used_at: timeSchema,
    expires_at: timeSchema,
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof sessionSchema>;

/** A new password and being disabled end all sessions. */
export const updateUserSchema = z
  .object({ password: passwordSchema, disabled: z.boolean() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'names nothing to change');

/** One thing that is kept about a person, or that it wrote or was sent. */
export const exportedRecordSchema = z.object({
  type: z.enum(['user', 'session', 'device', 'conversation', 'message', 'audit']),
  data: z.record(z.string(), z.unknown()),
});
export type ExportedRecord = z.infer<typeof exportedRecordSchema>;

/** A connection as its lease tells. */
export const liveConnectionSchema = z.object({
  identity_id: z.string(),
  connection_id: z.string(),
  gateway_id: z.string(),
  /** Session or key id. */
  credential_id: z.string(),
  status: agentStatusSchema,
});

/** The whole installation, as this gateway sees it. */
export const systemStatusSchema = z
  .object({
    services: z.array(
      z.object({
        name: z.enum(['gateway', 'auth', 'messages', 'push-worker']),
        /** `unknown`: nobody can say, of a push worker while Redis does not tell who works. */
        status: z.enum(['ok', 'down', 'unknown']),
        version: z.string().nullable(),
      }),
    ),
    /** As in `/health`. */
    dependencies: healthSchema.shape.dependencies,
    /** Bytes; null while messages does not say. */
    storage: z.object({
      status: z.enum(['ok', 'low', 'unknown']),
      /** Of the store's files. */
      used_bytes: z.number().nullable(),
      free_bytes: z.number().nullable(),
      /** Below so much free room new content is refused. */
      reserve_bytes: z.number().nullable(),
      at_quota: z.int().nullable(),
    }),
    /** Jobs of each push provider; null while the queue does not answer. */
    queues: z
      .array(pushQueueSchema.extend({ mode: z.enum(['on', 'log', 'off', 'unknown']) }))
      .nullable(),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof systemStatusSchema>;

export const AUDIT_ACTIONS = [
  'user.register',
  'user.login',
  'user.link',
  'user.refresh',
  'user.logout',
  'user.password',
  'user.delete',
  'agent.authenticate',
  'admin.authenticate',
  'agent.create',
  'agent.update',
  'agent.delete',
  'key.create',
  'key.revoke',
  'user.create',
  'user.update',
  'user.erase',
  'user.export',
  'session.end',
  'connection.end',
  'push.replay',
] as const;
export const auditActionSchema = z.enum(AUDIT_ACTIONS);

/** Who asked for something, and from where. `anyone`: nobody in particular, before a login. */
export const originSchema = z.object({
  actor: z.object({
    kind: z.enum(['user', 'agent', 'admin', 'anyone']),
    id: z.string().nullable(),
  }),
  /** Client address; null when the service itself acted. */
  ip: z.string().nullable(),
});
export type Origin = z.infer<typeof originSchema>;

export const auditRecordSchema = originSchema.extend({
  action: auditActionSchema,
  /** Id of what was acted upon; never a name that somebody typed. */
  target: z.string().nullable(),
  result: z.enum(['ok', ...ERROR_CODES]),
  /**
   * Of refusals of one address (IPv6: one /64) and action within a minute: how many; absent for one. Beyond ten that
   * differ in actor, target or result, one entry tells of the others without an id and a target.
   */
  count: z.int().min(2).optional(),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const auditEntrySchema = auditRecordSchema
  .extend({ id: z.string(), at: timeSchema })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;
