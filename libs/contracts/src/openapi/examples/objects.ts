import type { AdminAgent, AgentKey } from '../../agent-bodies';
import type { User } from '../../admin';
import type { Action } from '../../choices';
import type { Agent, Conversation, Event, Message } from '../../objects';

/** Who and what the examples are about. */
export const IDS = {
  user: 'usr_0197f1c2-8a10-7c3e-9d55-2f6b1c0a4e11',
  agent: 'agt_0197f1c2-7b02-7d10-8e21-5a9c3b7d1f02',
  conversation: 'cnv_0197f1c2-9c33-7a41-b6d8-0e4f2a6c8b13',
  message: 'msg_0197f1c2-a055-7e62-8c94-7d1b3f5a9c24',
  key: '4f1d0c2b8e6a9375',
} as const;

export const ACCESS_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.signature';
export const LOGIN_CODE = `${IDS.user}.k7Qm2Vx9Ls4Tn8Rb1Yw6Pd3Hf5Jc0Zg-aE_uIoBqXtS`;
export const REFRESH_TOKEN = 'amr_0197f1c2a877_kY3mQ8sVbN2xW5tR7uLp';
export const API_KEY = 'amk_4f1d0c2b8e6a9375_Zq8vT2nXc5Lr9sWm4KpYb7Hd';
export const LOG_ID = '0197f1c2-6d00-7b11-a2f3-9c8e7d6b5a40';
const AT = '2026-11-28T10:15:30.000Z';

const person = { kind: 'user', id: IDS.user } as const;

export const message = {
  id: IDS.message,
  conversation_id: IDS.conversation,
  seq: 2,
  updated_seq: 2,
  sender: person,
  client_id: 'phone-42',
  content: 'How many open invoices are there?',
  reactions: [],
  created_at: AT,
} satisfies Message;

export const agent = {
  id: IDS.agent,
  name: 'Ada',
  description: 'Answers questions about invoices.',
  model: 'some-model-1',
  created_at: AT,
  status: 'offline',
  last_seen: null,
} satisfies Agent;

export const adminAgent = { ...agent, access: 'everyone' } satisfies AdminAgent;

export const conversation = {
  id: IDS.conversation,
  title: 'Invoices',
  created_at: AT,
  members: [
    { id: IDS.user, kind: 'user', name: 'grace', delivered_seq: 0, read_seq: 0 },
    { id: IDS.agent, kind: 'agent', name: 'Ada', delivered_seq: 0, read_seq: 0 },
  ],
  last_seq: 2,
  last_message: message,
  unread_count: 0,
  delivered_seq: 0,
  read_seq: 0,
  muted: false,
  archived: false,
  tags: [],
} satisfies Conversation;

const entry = { conversation_id: IDS.conversation, seq: 3, actor: person, at: AT };

export const edited = {
  ...entry,
  type: 'message.edited',
  message: { ...message, content: 'How many invoices are open?', updated_seq: 3, edited_at: AT },
} satisfies Event;

export const deleted = {
  ...entry,
  type: 'message.deleted',
  message: { ...message, content: null, updated_seq: 3, deleted_at: AT },
} satisfies Event;

const thumb = { emoji: '👍', identity_ids: [IDS.user] };

export function reacted(set: boolean) {
  return {
    ...entry,
    type: 'reaction.set',
    reaction: { message_id: IDS.message, emoji: '👍', identity_id: IDS.user, set },
    message: { ...message, updated_seq: 3, reactions: set ? [thumb] : [] },
  } satisfies Event;
}

/** What the agent asks in the message that the examples are about. */
export const ACTIONS = [
  { id: 'approve', label: 'Delete them', style: 'danger' },
  { id: 'deny', label: 'Keep them' },
] satisfies Action[];

export const question = {
  ...message,
  sender: { kind: 'agent', id: IDS.agent },
  client_id: 'ask-7',
  content: 'Delete the 3 invoices?',
  actions: ACTIONS,
} satisfies Message;

export const chosen = {
  ...entry,
  type: 'action.chosen',
  message: {
    ...question,
    updated_seq: 3,
    choice: { action_id: 'approve', by: person, at: AT },
  },
} satisfies Event;

export const created = { ...entry, seq: 2, type: 'message.created', message } satisfies Event;

export const user = {
  id: IDS.user,
  username: 'grace',
  created_at: AT,
  last_connected_at: null,
  disabled_at: null,
  sessions: 1,
  devices: 0,
  conversations: 1,
} satisfies User;

export const agentKey = {
  key_id: IDS.key,
  name: 'key',
  created_at: AT,
  last_used_at: null,
  expires_at: null,
  revoked_at: null,
} satisfies AgentKey;

export const at = AT;
