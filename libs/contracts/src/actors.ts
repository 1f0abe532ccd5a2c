import { z } from 'zod';
import { identityIdSchema, identityKindSchema } from './ids';

export const actorSchema = z
  .object({ kind: identityKindSchema, id: identityIdSchema })
  .meta({ id: 'Actor' });
export type Actor = z.infer<typeof actorSchema>;
