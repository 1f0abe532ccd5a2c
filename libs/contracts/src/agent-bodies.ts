import { z } from 'zod';
import { LIMITS } from './limits';
import { agentAccessSchema, agentSchema } from './objects';
import { agentNameSchema, sentTimeSchema, timeSchema, wellFormed } from './text';

const descriptionSchema = wellFormed(z.string().max(LIMITS.agentDescriptionChars));
const modelSchema = wellFormed(z.string().max(LIMITS.agentNameChars));

export const createAgentSchema = z.object({
  name: agentNameSchema,
  description: descriptionSchema.optional(),
  model: modelSchema.optional(),
  /** `everyone` when absent. */
  access: agentAccessSchema.optional(),
});

/** An agent as operators see it. */
export const adminAgentSchema = agentSchema
  .extend({ access: agentAccessSchema })
  .meta({ id: 'AdminAgent' });
export type AdminAgent = z.infer<typeof adminAgentSchema>;

/** A person on the list of an agent. */
export const listedPersonSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    /** Since when it is on the list. */
    added_at: timeSchema,
  })
  .meta({ id: 'ListedPerson' });
export type ListedPerson = z.infer<typeof listedPersonSchema>;

export const createdAgentSchema = z.object({
  agent: adminAgentSchema,
  api_key: z.string(),
  key_id: z.string(),
});

export const updateAgentSchema = z
  .object({
    name: agentNameSchema,
    description: descriptionSchema.nullable(),
    model: modelSchema.nullable(),
    access: agentAccessSchema,
  })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'names nothing to change');

/** What names a key in the store, in logs and in the audit log; no secret. */
export const keyIdSchema = z.string().regex(/^[a-z0-9]{1,32}$/, 'must be a key id');

export const agentKeySchema = z
  .object({
    key_id: z.string(),
    name: z.string(),
    created_at: timeSchema,
    /** Give or take a minute. */
    last_used_at: timeSchema.nullable(),
    expires_at: timeSchema.nullable(),
    revoked_at: timeSchema.nullable(),
  })
  .meta({ id: 'AgentKey' });
export type AgentKey = z.infer<typeof agentKeySchema>;

export const createAgentKeySchema = z.object({
  name: agentNameSchema.default('key'),
  expires_at: sentTimeSchema.optional(),
  /** Rotation: this key goes on for `overlap_s` more seconds at most. */
  replaces: keyIdSchema.optional(),
  overlap_s: z.int().min(0).max(LIMITS.keyOverlapS).default(3_600),
});
export const createdAgentKeySchema = agentKeySchema.extend({ api_key: z.string() });
