import {
  kindOf,
  type Action,
  type Actor,
  type Choice,
  type Event,
  type Message,
} from '@agent-messenger/contracts';
import { uuidv7 } from 'uuidv7';
import { bytesOf, EVENT_BYTES } from '../storage/storage';
import type { NewMessage } from './send-request';

/** In the order of the numbers by which the log has them, which never changes. */
export const EVENT_TYPES: readonly Event['type'][] = [
  'conversation.created',
  'conversation.updated',
  'conversation.deleted',
  'member.added',
  'member.removed',
  'message.created',
  'message.edited',
  'message.deleted',
  'reaction.set',
  'action.chosen',
];

/** Whose number a type has, for SQL. */
export function numberOf(type: Event['type']): number {
  return EVENT_TYPES.indexOf(type);
}

export interface MessageRow {
  id: string;
  conversation_id: string;
  seq: number;
  updated_seq: number;
  sender_id: string;
  client_id: string;
  content: string | null;
  metadata: string | null;
  reply_to: string | null;
  created_at: string;
  edited_at: string | null;
  deleted_at: string | null;
  state: 'interrupted' | 'failed' | null;
  error: string | null;
  /** Message['actions'] as JSON. */
  actions: string | null;
  actions_expire_at: string | null;
  /** A StoredChoice as JSON. */
  choice: string | null;
  /** Message['reactions'] as JSON: they are read with every message, and written rarely. */
  reactions: string;
}

export interface StoredChoice {
  action_id: string;
  by: string;
  at: string;
  /** Of the event that made it. */
  seq: number;
}

/** Of a message that becomes the event `seq` of its conversation. @param at RFC 3339 */
export function newMessageRow(
  message: NewMessage,
  { seq, at }: { seq: number; at: string },
): MessageRow {
  const { metadata, actions } = message;
  return {
    id: `msg_${uuidv7()}`,
    conversation_id: message.conversation_id,
    seq,
    updated_seq: seq,
    sender_id: message.identity_id,
    client_id: message.client_id,
    content: message.content,
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
    reply_to: message.reply_to ?? null,
    created_at: at,
    edited_at: null,
    deleted_at: null,
    state: message.state ?? null,
    error: message.error ?? null,
    actions: actions === undefined ? null : JSON.stringify(actions),
    actions_expire_at: message.actions_expire_at ?? null,
    choice: null,
    reactions: '[]',
  };
}

/** What its event is charged for, bytes. */
export function bytesOfRow({ content, metadata, actions }: MessageRow): number {
  return EVENT_BYTES + bytesOf(content) + bytesOf(metadata) + bytesOf(actions);
}

export function toActor(id: string): Actor {
  return { kind: kindOf(id), id: id as Actor['id'] };
}

/**
 * Field by field: this is done several times for each message, and a spread of what is not there costs as much as all
 * the rest.
 */
export function toMessage(row: MessageRow): Message {
  const message: Message = {
    id: row.id,
    conversation_id: row.conversation_id,
    seq: row.seq,
    updated_seq: row.updated_seq,
    sender: toActor(row.sender_id),
    client_id: row.client_id,
    content: row.content,
    reactions: JSON.parse(row.reactions) as Message['reactions'],
    created_at: row.created_at,
  };
  if (row.metadata !== null) message.metadata = JSON.parse(row.metadata) as Message['metadata'];
  if (row.reply_to !== null) message.reply_to = row.reply_to;
  if (row.edited_at !== null) message.edited_at = row.edited_at;
  if (row.deleted_at !== null) message.deleted_at = row.deleted_at;
  if (row.state !== null) message.state = row.state;
  if (row.error !== null) message.error = row.error;
  if (row.actions !== null) message.actions = JSON.parse(row.actions) as Action[];
  if (row.actions_expire_at !== null) message.actions_expire_at = row.actions_expire_at;
  if (row.choice !== null) message.choice = toChoice(row.choice);
  return message;
}

function toChoice(stored: string): Choice {
  const { action_id, by, at } = JSON.parse(stored) as StoredChoice;
  return { action_id, by: toActor(by), at };
}
