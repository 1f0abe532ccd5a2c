import { z } from 'zod';
import { actorSchema } from './actors';
import { clientIdSchema } from './ids';
import { LIMITS } from './limits';
import { showsNothing } from './shown-text';
import { lineSchema, sentTimeSchema, timeSchema } from './text';

const styleSchema = z
  .enum(['primary', 'danger'])
  .describe('How a button looks; a style that a client does not know is no style.');

/** What an agent offers to choose from, as it is sent. */
export const askedActionsSchema = z
  .array(
    z.object({
      id: clientIdSchema,
      label: lineSchema(LIMITS.labelChars, 'Not of invisible characters alone.').refine(
        (text) => !showsNothing(text),
        'must show something',
      ),
      style: styleSchema.optional(),
    }),
  )
  .min(1)
  .max(LIMITS.actions)
  .refine(
    (actions) => new Set(actions.map(({ id }) => id)).size === actions.length,
    'must have different ids',
  )
  .describe(
    `Agents only: 1 to ${LIMITS.actions} actions with different ids, of which a person chooses one.`,
  );

const expirySchema = sentTimeSchema.describe(
  'With `actions`: from then on, by the clock of the store, nothing can be chosen.',
);

/** What an agent's message may carry, sent or at the end of a stream. */
export const offer = {
  actions: askedActionsSchema.optional(),
  actions_expire_at: expirySchema.optional(),
};

export function checkOffer(
  { actions, actions_expire_at }: { actions?: unknown; actions_expire_at?: unknown },
  context: z.RefinementCtx,
): void {
  if (actions_expire_at === undefined || actions !== undefined) return;
  const path = ['actions_expire_at'];
  context.addIssue({ code: 'custom', path, message: 'needs actions that expire' });
}

export const actionSchema = z
  .object({ id: z.string(), label: z.string(), style: styleSchema.optional() })
  .meta({ id: 'Action' });
export type Action = z.infer<typeof actionSchema>;

/** The first choice is the one: it never changes. */
export const choiceSchema = z
  .object({
    action_id: z.string(),
    by: actorSchema,
    at: timeSchema,
  })
  .meta({ id: 'Choice' });
export type Choice = z.infer<typeof choiceSchema>;
