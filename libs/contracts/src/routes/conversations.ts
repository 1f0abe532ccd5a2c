import { z } from 'zod';
import { createConversationSchema, updateConversationSchema } from '../conversation-bodies';
import { positionSchema, seqSchema } from '../ids';
import {
  conversationPageSchema,
  conversationSchema,
  eventPageSchema,
  messagePageSchema,
} from '../objects';
import type { RouteContract } from './route-contract';
import {
  compactQuery,
  cursorSchema,
  inConversation,
  intFromText,
  limitFromText,
  pageQuery,
} from './route-contract';

export const conversationsRoutes = {
  createConversation: {
    summary: 'Opens a conversation with an agent.',
    method: 'post',
    path: '/conversations',
    caller: 'person',
    body: createConversationSchema,
    response: conversationSchema,
    status: 201,
    repeatedStatus: 200,
    errors: ['not_found', 'conflict'],
  },
  listConversations: {
    summary:
      'The conversations of the caller, the one with the newest message first; with `since` those of which anything that is listed changed. Such a page looks at 1,000 conversations: it may be empty and yet have a next one.',
    method: 'get',
    path: '/conversations',
    caller: 'member',
    query: pageQuery.extend({
      since: cursorSchema.optional(),
      compact: compactQuery.describe('With `1`, last messages are previews.'),
    }),
    response: conversationPageSchema,
    status: 200,
    errors: ['sync_token_expired'],
  },
  getConversation: {
    summary: 'One conversation as the caller sees it.',
    method: 'get',
    path: '/conversations/:conversation_id',
    caller: 'member',
    params: inConversation,
    query: z.object({
      compact: compactQuery.describe('With `1`, the last message is a preview.'),
    }),
    response: conversationSchema,
    status: 200,
  },
  updateConversation: {
    summary:
      "Changes the title, which is shared, or what is the caller's own: muted, archived, tags.",
    method: 'patch',
    path: '/conversations/:conversation_id',
    caller: 'member',
    params: inConversation,
    body: updateConversationSchema,
    response: conversationSchema,
    status: 200,
    errors: ['forbidden', 'conflict'],
  },
  deleteConversation: {
    summary: 'Deletes a conversation for everybody; its last event can be read for 30 days.',
    method: 'delete',
    path: '/conversations/:conversation_id',
    caller: 'person',
    params: inConversation,
    response: null,
    status: 204,
  },
  listMessages: {
    summary: 'A page of messages as they are now, oldest first; the newest page by default.',
    method: 'get',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    query: z.object({
      before_seq: intFromText(seqSchema).optional().describe('Messages before it, the newest.'),
      after_seq: intFromText(positionSchema)
        .optional()
        .describe('Messages after it, the oldest; with `before_seq` of those between.'),
      limit: limitFromText,
    }),
    response: messagePageSchema,
    status: 200,
  },
  listEvents: {
    summary: 'A page of the log after a position, the REST twin of `sync`.',
    method: 'get',
    path: '/conversations/:conversation_id/events',
    caller: 'member',
    params: inConversation,
    query: z.object({
      after_seq: intFromText(positionSchema).default(0),
      limit: limitFromText,
      compact: compactQuery.describe('With `1`, reaction events carry no message.'),
    }),
    response: eventPageSchema,
    status: 200,
  },
  markRead: {
    summary: 'The caller has read up to `seq`; clamped to the log, only rises.',
    method: 'post',
    path: '/conversations/:conversation_id/read',
    caller: 'member',
    params: inConversation,
    body: z.object({ seq: seqSchema }),
    response: z.object({}),
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
