import { z } from 'zod';
import { PUSH_PLATFORMS } from './jobs';
import { agentIdSchema, clientIdSchema } from './ids';
import { LIMITS } from './limits';
import { agentSchema } from './objects';
import {
  agentNameSchema,
  passwordSchema,
  tagsSchema,
  titleSchema,
  usernameSchema,
  wellFormed,
} from './text';

export const tokensSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  user_id: z.string(),
});
export type Tokens = z.infer<typeof tokensSchema>;

export const registerSchema = z.object({ username: usernameSchema, password: passwordSchema });
/** On login a password outside the bounds is a wrong password, not a malformed request. */
export const loginSchema = z.object({
  username: z.string().max(1_024),
  password: z.string().max(1_024),
});
export const refreshSchema = z.object({ refresh_token: z.string().min(1).max(512) });
export const logoutSchema = refreshSchema.extend({ push_token: z.string().max(4_096).optional() });
export const agentTokenSchema = z.object({
  access_token: z.string(),
  expires_in: z.int(),
  agent_id: z.string(),
});

export const createAgentSchema = z.object({
  name: agentNameSchema,
  description: wellFormed(z.string().max(LIMITS.agentDescriptionChars)).optional(),
  model: wellFormed(z.string().max(LIMITS.agentNameChars)).optional(),
});
export const createdAgentSchema = z.object({
  agent: agentSchema,
  api_key: z.string(),
  key_id: z.string(),
});

export const createConversationSchema = z.object({
  agent_id: agentIdSchema,
  title: titleSchema.optional(),
  client_id: clientIdSchema.optional(),
});

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptime_s: z.number(),
  dependencies: z.record(
    z.string(),
    z.object({ status: z.enum(['ok', 'down']), latency_ms: z.number().nullable() }),
  ),
  /** Push providers that are configured; `unknown` until a push worker has said so. */
  push: z.record(z.enum(PUSH_PLATFORMS), z.enum(['on', 'off', 'unknown'])),
});
export type Health = z.infer<typeof healthSchema>;

/** Title is shared by the members; the others are the caller's own. */
export const updateConversationSchema = z
  .object({
    title: titleSchema,
    muted: z.boolean(),
    archived: z.boolean(),
    tags: tagsSchema,
  })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'names nothing to change');
