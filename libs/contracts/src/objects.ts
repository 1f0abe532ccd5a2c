import { z } from 'zod';
import { actorSchema } from './actors';
import { actionSchema, choiceSchema } from './choices';
import { identityIdSchema, identityKindSchema, positionSchema, seqSchema } from './ids';
import { jsonSchema, timeSchema } from './text';

export const memberSchema = z
  .object({
    id: identityIdSchema,
    kind: identityKindSchema,
    name: z.string(),
    /** An agent that was deleted: it answers no more, and sends are refused with `conflict`. Not in events. */
    deleted: z.literal(true).optional(),
  })
  .meta({ id: 'Member' });
export type Member = z.infer<typeof memberSchema>;

/** A message as it is now, also on replay; replace a copy when `updated_seq` is higher. Deleted: `content` is null. */
export const messageSchema = z
  .object({
    id: z.string(),
    conversation_id: z.string(),
    seq: seqSchema,
    updated_seq: seqSchema,
    sender: actorSchema,
    client_id: z.string(),
    content: z.string().nullable(),
    metadata: z.record(z.string(), jsonSchema).optional(),
    reply_to: z.string().optional(),
    reactions: z.array(z.object({ emoji: z.string(), identity_ids: z.array(z.string()) })),
    created_at: timeSchema,
    edited_at: timeSchema.optional(),
    deleted_at: timeSchema.optional(),
    state: z
      .enum(['interrupted', 'failed'])
      .optional()
      .describe('An answer that did not come to its end; its `content` may be empty.'),
    error: z.string().optional().describe('Why it failed; there with `state: "failed"`.'),
    actions: z
      .array(actionSchema)
      .optional()
      .describe('A question: what a person can choose from, once; also when it is chosen.'),
    actions_expire_at: timeSchema
      .optional()
      .describe('From then on nothing can be chosen any more.'),
    choice: choiceSchema.optional().describe('What was chosen of the actions.'),
    truncated: z
      .literal(true)
      .optional()
      .describe('A preview: only the beginning of the content, and no metadata.'),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof messageSchema>;

/** A conversation as it stands in events: what all members share, nothing that is the reader's own. */
export const sharedConversationSchema = z
  .object({
    id: z.string(),
    title: z.string().nullable(),
    created_at: timeSchema,
    members: z.array(memberSchema),
  })
  .meta({ id: 'SharedConversation' });
export type SharedConversation = z.infer<typeof sharedConversationSchema>;

/** A conversation as its caller sees it. */
export const conversationSchema = sharedConversationSchema
  .extend({
    last_seq: seqSchema,
    last_message: messageSchema.nullable(),
    unread_count: z.int().min(0),
    delivered_seq: positionSchema,
    read_seq: positionSchema,
    muted: z.boolean(),
    archived: z.boolean(),
    tags: z.array(z.string()),
    members: z.array(
      memberSchema.extend({ delivered_seq: positionSchema, read_seq: positionSchema }),
    ),
  })
  .meta({ id: 'Conversation' });
export type Conversation = z.infer<typeof conversationSchema>;

export const reactionSchema = z
  .object({
    message_id: z.string(),
    emoji: z.string(),
    identity_id: z.string(),
    set: z.boolean(),
  })
  .meta({ id: 'Reaction' });

const eventBase = {
  conversation_id: z.string(),
  seq: seqSchema,
  actor: actorSchema,
  at: timeSchema,
};
/** Of events with a message that are too large for a client with a `max_frame_bytes`. */
const cut = {
  truncated: z
    .literal(true)
    .optional()
    .describe(
      'Larger than `max_frame_bytes`: its message is a preview. `GET` the path of `fetch` for the whole.',
    ),
  fetch: z.string().optional().describe('Path and query, with `truncated`.'),
};
const withType = <T extends string, S extends z.ZodRawShape>(types: T[], shape: S) =>
  z.object({ ...eventBase, type: z.enum(types as [T, ...T[]]), ...shape });

/** An entry of a conversation's log. Receivers pass over types that they do not know, and still move their position. */
export const eventSchema = z
  .discriminatedUnion('type', [
    withType(['conversation.created', 'conversation.updated', 'conversation.deleted'], {
      conversation: sharedConversationSchema,
    }),
    withType(['member.added', 'member.removed'], { member: memberSchema }),
    withType(['message.created', 'message.edited', 'message.deleted', 'action.chosen'], {
      message: messageSchema,
      ...cut,
    }),
    withType(['reaction.set'], {
      reaction: reactionSchema,
      message: messageSchema
        .optional()
        .describe('Absent for clients that said `compact: 1`: the reaction is what changed.'),
      ...cut,
    }),
  ])
  .meta({ id: 'Event' });
export type Event = z.infer<typeof eventSchema>;

/** What an agent may call itself; `offline` is never chosen, it is what remains without a lease. */
export const agentStatusSchema = z.enum(['online', 'busy', 'idle']);
export const presenceStatusSchema = z.enum(['online', 'busy', 'idle', 'offline']);

export const presenceSchema = z
  .object({
    identity_id: z.string(),
    status: presenceStatusSchema,
    last_seen: timeSchema.nullable(),
  })
  .meta({ id: 'Presence' });
export type Presence = z.infer<typeof presenceSchema>;

const describedAgentSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  model: z.string().nullable(),
  created_at: timeSchema,
});

/** Who may talk to an agent: everyone who can log in, or the people on its list. */
export const agentAccessSchema = z.enum(['everyone', 'listed']);
export type AgentAccess = z.infer<typeof agentAccessSchema>;

/** An agent as the store knows it; status and last_seen come from presence. */
export const storedAgentSchema = describedAgentSchema.extend({
  /** A store of an older version keeps no lists. */
  access: agentAccessSchema.default('everyone'),
});
export type StoredAgent = z.infer<typeof storedAgentSchema>;

export const agentSchema = describedAgentSchema
  .extend({
    status: presenceStatusSchema,
    last_seen: timeSchema.nullable(),
  })
  .meta({ id: 'Agent' });
export type Agent = z.infer<typeof agentSchema>;

export const receiptSchema = z
  .object({
    conversation_id: z.string(),
    identity_id: z.string(),
    delivered_seq: positionSchema,
    read_seq: positionSchema,
  })
  .meta({ id: 'Receipt' });
export type Receipt = z.infer<typeof receiptSchema>;

/** A page of a conversation's log, the answer of `sync` and of its REST twin. */
export const eventPageSchema = z.object({
  events: z.array(eventSchema),
  has_more: z.boolean(),
  last_seq: positionSchema,
  log_id: z.string(),
});
export type EventPage = z.infer<typeof eventPageSchema>;

export const messagePageSchema = z.object({
  messages: z.array(messageSchema),
  has_more: z.boolean(),
  last_seq: positionSchema,
  log_id: z.string(),
});
export type MessagePage = z.infer<typeof messagePageSchema>;

export const conversationPageSchema = z.object({
  conversations: z.array(conversationSchema),
  removed: z.array(z.string()),
  next_cursor: z.string().nullable(),
  sync_token: z.string(),
  log_id: z.string(),
});
export type ConversationPage = z.infer<typeof conversationPageSchema>;
