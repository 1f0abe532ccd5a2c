import { z } from 'zod';
import { ERROR_CODES } from './errors';
import { agentStatusSchema } from './objects';
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

export const AUDIT_ACTIONS = [
  'user.register',
  'user.login',
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
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const auditEntrySchema = auditRecordSchema
  .extend({ id: z.string(), at: timeSchema })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;
