import { z } from 'zod';
import { agentIdSchema, clientIdSchema } from './ids';
import { tagsSchema, titleSchema } from './text';

export const createConversationSchema = z.object({
  agent_id: agentIdSchema,
  title: titleSchema.optional(),
  client_id: clientIdSchema.optional(),
});

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
