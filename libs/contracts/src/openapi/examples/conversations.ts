import type { agentsRoutes } from '../../routes/agents';
import type { conversationsRoutes } from '../../routes/conversations';
import type { messagesRoutes } from '../../routes/messages';
import type { streamsRoutes } from '../../routes/streams';
import {
  agent,
  chosen,
  conversation,
  created,
  deleted,
  edited,
  IDS,
  LOG_ID,
  message,
  reacted,
} from './objects';
import type { RouteExample } from './route-example';

const inConversation = { conversation_id: IDS.conversation };
const ofMessage = { ...inConversation, message_id: IDS.message };
const ofReaction = { ...ofMessage, emoji: '👍' };
const page = { has_more: false, last_seq: 2, log_id: LOG_ID };

export const conversationExamples: {
  [
    N in
      | keyof typeof agentsRoutes
      | keyof typeof conversationsRoutes
      | keyof typeof messagesRoutes
      | keyof typeof streamsRoutes
  ]: RouteExample<N>;
} = {
  listAgents: { query: { limit: '20' }, answer: { agents: [agent], next_cursor: null } },
  getAgent: { params: { agent_id: IDS.agent }, answer: agent },
  createConversation: {
    body: { agent_id: IDS.agent, title: 'Invoices', client_id: 'phone-41' },
    answer: { ...conversation, last_seq: 1, last_message: null },
  },
  listConversations: {
    query: { limit: '20' },
    answer: {
      conversations: [conversation],
      removed: [],
      next_cursor: null,
      sync_token: 'eyJhIjoxfQ',
      log_id: LOG_ID,
    },
  },
  getConversation: { params: inConversation, answer: conversation },
  updateConversation: {
    params: inConversation,
    body: { title: 'Open invoices', tags: ['work'] },
    answer: { ...conversation, title: 'Open invoices', last_seq: 3, tags: ['work'] },
  },
  deleteConversation: { params: inConversation },
  listMessages: {
    params: inConversation,
    query: { limit: '20' },
    answer: { messages: [message], ...page },
  },
  listEvents: {
    params: inConversation,
    query: { after_seq: '1', limit: '20' },
    answer: { events: [created], ...page },
  },
  markRead: { params: inConversation, body: { seq: 2 }, answer: {} },
  sendMessage: {
    params: inConversation,
    body: { client_id: 'phone-43', content: 'How many of them are overdue?' },
    answer: {
      message: {
        ...message,
        seq: 3,
        updated_seq: 3,
        client_id: 'phone-43',
        content: 'How many of them are overdue?',
      },
      duplicate: false,
    },
  },
  editMessage: {
    params: ofMessage,
    body: { content: 'How many invoices are open?' },
    answer: { event: edited, duplicate: false },
  },
  deleteMessage: { params: ofMessage, answer: { event: deleted, duplicate: false } },
  addReaction: { params: ofReaction, answer: { event: reacted(true), duplicate: false } },
  stopStream: {
    params: { ...inConversation, stream_id: 'answer-42' },
    body: { agent_id: IDS.agent },
    answer: {},
  },
  chooseAction: {
    params: ofMessage,
    body: { action_id: 'approve' },
    answer: { event: chosen, duplicate: false },
  },
  removeReaction: { params: ofReaction, answer: { event: reacted(false), duplicate: false } },
};
