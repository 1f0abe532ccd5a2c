import { z } from 'zod';
import { checkOffer, offer } from './choices';
import { clientIdSchema, conversationIdSchema, messageIdSchema } from './ids';
import { LIMITS } from './limits';
import { failureSchema, maybeContentSchema, metadataSchema } from './text';

const fields = z.object({
  conversation_id: conversationIdSchema,
  client_id: clientIdSchema,
  content: maybeContentSchema.describe(
    `At most ${LIMITS.contentBytes} bytes of UTF-8; empty only in a message that failed.`,
  ),
  metadata: metadataSchema.optional(),
  reply_to: messageIdSchema.optional(),
  state: z
    .literal('failed')
    .optional()
    .describe('Agents only, together with `error`: there is no answer, and people are to see why.'),
  error: failureSchema.optional(),
  ...offer,
});

/** A send as the services hand it on among themselves: what a gateway has parsed. */
export const parsedSendSchema = fields;

export const sendSchema = fields.superRefine(checkSend);
export type Send = z.infer<typeof sendSchema>;

/** The body of the REST twin: the conversation is in its path. */
export const sendBodySchema = fields.omit({ conversation_id: true }).superRefine(checkSend);

function checkSend(
  send: Omit<z.infer<typeof fields>, 'conversation_id'>,
  context: z.RefinementCtx,
): void {
  const { content, state, error } = send;
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (content === '' && state !== 'failed') refuse('content', 'must not be empty');
  if (state === 'failed' && error === undefined) refuse('error', 'must say why it failed');
  if (state === undefined && error !== undefined) refuse('state', 'must be "failed" with an error');
  checkOffer(send, context);
}
