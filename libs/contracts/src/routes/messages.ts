import { z } from 'zod';
import { clientIdSchema } from '../ids';
import { sendBodySchema } from '../message-bodies';
import { REPEATED_REACTION } from '../reactions';
import { changedSchema, sentSchema } from '../sockets';
import { contentSchema, emojiSchema } from '../text';
import type { RouteContract } from './route-contract';
import { compactQuery, inConversation, ofMessage } from './route-contract';

const reactionQuery = z.object({
  compact: compactQuery.describe('With `1`, the event carries no whole message.'),
});

export const messagesRoutes = {
  sendMessage: {
    summary: 'Sends a message; answered after the commit.',
    method: 'post',
    path: '/conversations/:conversation_id/messages',
    caller: 'member',
    params: inConversation,
    body: sendBodySchema,
    response: sentSchema,
    status: 201,
    repeatedStatus: 200,
    errors: ['forbidden', 'conflict'],
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
    errors: ['forbidden', 'conflict'],
  },
  deleteMessage: {
    summary: 'Deletes an own message: its content is removed, a tombstone remains.',
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id',
    caller: 'member',
    params: ofMessage,
    response: changedSchema,
    status: 200,
    errors: ['forbidden'],
  },
  addReaction: {
    summary: `Adds an own reaction. ${REPEATED_REACTION}`,
    method: 'put',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    query: reactionQuery,
    response: changedSchema,
    status: 200,
    errors: ['forbidden', 'conflict'],
  },
  removeReaction: {
    summary: `Removes an own reaction. ${REPEATED_REACTION}`,
    method: 'delete',
    path: '/conversations/:conversation_id/messages/:message_id/reactions/:emoji',
    caller: 'member',
    params: ofMessage.extend({ emoji: emojiSchema }),
    query: reactionQuery,
    response: changedSchema,
    status: 200,
    errors: ['conflict'],
  },
  chooseAction: {
    summary:
      'Chooses one of the actions of a message, for good: the first choice is the one, any other is a `conflict`.',
    method: 'post',
    path: '/conversations/:conversation_id/messages/:message_id/choice',
    caller: 'person',
    params: ofMessage,
    body: z.object({ action_id: clientIdSchema }),
    response: changedSchema,
    status: 200,
    errors: ['conflict'],
  },
} as const satisfies Record<string, RouteContract>;
