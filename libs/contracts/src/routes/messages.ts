import { z } from 'zod';
import { changedSchema, sendSchema, sentSchema } from '../sockets';
import { contentSchema, emojiSchema } from '../text';
import type { RouteContract } from './route-contract';
import { inConversation, ofMessage } from './route-contract';

export const messagesRoutes = {
  sendMessage: {
    summary: 'Sends a message; answered after the commit.',
    method: 'post',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    body: sendSchema.omit({ conversation_id: true }),
    response: sentSchema,
    status: 201,
    repeatedStatus: 200,
  },
  editMessage: {
    summary: 'Replaces the content of an own message.',
    method: 'patch',
    path: '/conversations/:conversation_id/messages/:message_id',
    caller: 'member',
    params: ofMessage,
    body: z.object({ content: contentSchema }),
    response: changedSchema,
    status: 200,
  },
  deleteMessage: {
    summary: 'Deletes an own message: its content is removed, a tombstone remains.',
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id',
    caller: 'member',
    params: ofMessage,
    response: changedSchema,
    status: 200,
  },
  addReaction: {
    summary: 'Adds an own reaction.',
    method: 'put',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    response: changedSchema,
    status: 200,
  },
  removeReaction: {
    summary: 'Removes an own reaction.',
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    response: changedSchema,
    status: 200,
  },
} as const satisfies Record<string, RouteContract>;
