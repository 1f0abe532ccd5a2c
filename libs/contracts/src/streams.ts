import { z } from 'zod';
import { checkOffer, offer } from './choices';
import { errorCodeSchema } from './errors';
import { agentIdSchema, clientIdSchema, conversationIdSchema, messageIdSchema } from './ids';
import { LIMITS } from './limits';
import { messageSchema } from './objects';
import { contentSchema, failureSchema, lineSchema, metadataSchema } from './text';

/**
 * Answers while they are written. Offsets and lengths count UTF-16 code units, JavaScript's `length`. The identity of a
 * stream is its agent and its `stream_id`, which becomes the `client_id` of its message.
 */
const offsetSchema = z.int().min(0).describe('UTF-16 code units.');

const ofStream = z.object({ conversation_id: conversationIdSchema, stream_id: clientIdSchema });
const ofAgent = ofStream.extend({ agent_id: agentIdSchema });

export const streamStartSchema = ofStream.extend({
  reply_to: messageIdSchema.optional(),
  restart: z.boolean().optional().describe('Begin anew: the text so far is dropped.'),
});
export const streamStartedSchema = z.object({
  offset: offsetSchema.describe('UTF-16 code units: go on from here.'),
  stopped: z.boolean().describe('A person has asked to stop: end it.'),
  message: messageSchema
    .optional()
    .describe(
      'It has ended as this message; `offset` is 0. While its `state` is "interrupted", `stream:end` with `content` still replaces it.',
    ),
});

export const streamAppendSchema = ofStream.extend({
  offset: offsetSchema.describe('Where `text` begins, UTF-16 code units.'),
  text: contentSchema.describe(
    `At most ${LIMITS.contentBytes} bytes of UTF-8; what is longer, has half a surrogate pair or no text is refused with \`invalid_payload\`, as a whole.`,
  ),
});

export const streamEndSchema = ofStream
  .extend({
    offset: offsetSchema.describe('The length of the whole text, UTF-16 code units.'),
    content: contentSchema
      .optional()
      .describe('Becomes the message in place of what was appended; needs no text on the server.'),
    metadata: metadataSchema.optional(),
    reply_to: messageIdSchema
      .optional()
      .describe('Used only when the server has lost what `stream:start` said.'),
    ...offer,
  })
  .superRefine(checkOffer);

export const streamFailSchema = ofStream.extend({ error: failureSchema });

export const streamGetSchema = ofAgent;
export const streamTextSchema = z.object({
  offset: offsetSchema.describe('The length of `text`, UTF-16 code units.'),
  text: z.string(),
});

export const streamStopSchema = ofAgent;
/** The body of the REST twin: the conversation and the stream are in its path. */
export const streamStopBodySchema = ofAgent.pick({ agent_id: true });

/** Server events. */
export const streamPieceSchema = z.object({
  conversation_id: z.string(),
  stream_id: z.string(),
  agent_id: z.string(),
  kind: z.enum(['start', 'append', 'end']),
  offset: offsetSchema.describe('Where `text` begins, UTF-16 code units; of `end` the length.'),
  text: z.string(),
  reply_to: z.string().optional().describe('With `start`: the message that is answered.'),
  message_id: z
    .string()
    .optional()
    .describe('With `end`: the message that it has become; absent: there is none, drop the text.'),
});
export type StreamPiece = z.infer<typeof streamPieceSchema>;

export const streamStateSchema = z.object({
  conversation_id: z.string(),
  stream_id: z.string(),
  offset: offsetSchema,
  code: errorCodeSchema
    .optional()
    .describe('Why an append was refused; `not_found`: start the stream again.'),
  retry_after_ms: z.int().min(0).optional(),
});
export type StreamState = z.infer<typeof streamStateSchema>;

export const streamStoppedSchema = z.object({
  conversation_id: z.string(),
  stream_id: z.string(),
});

/** What an agent is doing. */
export const activitySchema = z.object({
  conversation_id: conversationIdSchema,
  state: z.enum(['thinking', 'using_tool', 'error']).nullable(),
  label: lineSchema(LIMITS.activityLabelChars).optional(),
});
export const activityToldSchema = z.object({
  conversation_id: z.string(),
  identity_id: z.string(),
  state: z.enum(['thinking', 'using_tool', 'error']).nullable(),
  label: z.string().optional(),
});
