import {
  briefEvent,
  kindOf,
  LIMITS,
  reactionsAfter,
  truncatedEvent,
  type Event,
  type Message,
  type Operation,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { toMessage, type MessageRow, type StoredChoice } from './message-rows';
import { bytesOf } from '../storage/storage';

export type Change = Extract<Operation, { op: 'edit' | 'delete' | 'react' | 'choose' }>;
type Edit = Extract<Change, { op: 'edit' }>;
type Reaction = Extract<Change, { op: 'react' }>;
type Choosing = Extract<Change, { op: 'choose' }>;

/** What an operation does to its message. */
export interface NewState {
  type: Exclude<Event['type'], 'message.created'>;
  data?: object;
  /** By how many bytes the message grows, or shrinks. */
  bytes: number;
  /** What of the message is another. `seq` is the event's. */
  patch(seq: number): Partial<MessageRow>;
}
/** Or by which event it is so already. */
export type ChangePlan = NewState | { since: number };

/**
 * What the answer to a change has of its event. A reaction goes without the message, unless it was so already and
 * something else came since: then a preview of the message says how it is.
 */
export function answeredEvent(operation: Change, event: Event): Event {
  switch (operation.op) {
    case 'edit':
    case 'delete':
      return event;
    case 'react':
      return isReaction(operation, event) ? briefEvent(event) : truncatedEvent(event);
    case 'choose':
      return briefEvent(event);
  }
}

function isReaction({ emoji, identity_id, set }: Reaction, event: Event): boolean {
  if (event.type !== 'reaction.set') return false;
  const { reaction } = event;
  return reaction.emoji === emoji && reaction.identity_id === identity_id && reaction.set === set;
}

/** What a member's change makes of a message; throws AppErrors. */
export function planChange(operation: Change, message: MessageRow, at: string): ChangePlan {
  switch (operation.op) {
    case 'edit':
      return planEdit(operation, message, at);
    case 'delete':
      return planDelete(operation.identity_id, message, at);
    case 'react':
      return planReaction(operation, message);
    case 'choose':
      return planChoice(operation, message, at);
  }
}

function planEdit({ identity_id, content }: Edit, message: MessageRow, at: string): ChangePlan {
  checkAuthor(message, identity_id);
  checkNotDeleted(message);
  if (message.actions !== null) {
    throw new AppError('conflict', 'A message with actions cannot be edited, only deleted.');
  }
  if (message.content === content) return { since: message.updated_seq };
  return {
    type: 'message.edited',
    bytes: bytesOf(content) - bytesOf(message.content),
    patch: (seq) => ({ content, edited_at: at, updated_seq: seq }),
  };
}

function planDelete(identityId: string, message: MessageRow, at: string): ChangePlan {
  checkAuthor(message, identityId);
  if (message.deleted_at !== null) return { since: message.updated_seq };
  return {
    type: 'message.deleted',
    bytes: -bytesOf(message.content) - bytesOf(message.metadata) - bytesOf(message.actions),
    patch: (seq) => ({
      ...{ content: null, metadata: null, reactions: '[]', state: null, error: null },
      ...{ actions: null, actions_expire_at: null, choice: null },
      deleted_at: at,
      updated_seq: seq,
    }),
  };
}

function planReaction({ identity_id, emoji, set }: Reaction, message: MessageRow): ChangePlan {
  checkNotDeleted(message);
  const before = JSON.parse(message.reactions) as Message['reactions'];
  const after = reactionsAfter(before, { emoji, identity_id, set });
  if (after === before) return { since: message.updated_seq };
  if (after.length > Math.max(before.length, LIMITS.emojiPerMessage)) {
    throw new AppError(
      'conflict',
      `A message has at most ${LIMITS.emojiPerMessage} different reactions.`,
    );
  }
  return {
    type: 'reaction.set',
    data: { reaction: { message_id: message.id, emoji, identity_id, set } },
    bytes: 0,
    patch: (seq) => ({ reactions: JSON.stringify(after), updated_seq: seq }),
  };
}

function planChoice(
  { identity_id, action_id }: Choosing,
  message: MessageRow,
  at: string,
): ChangePlan {
  if (kindOf(identity_id) !== 'user') throw new AppError('forbidden', 'Only people choose.');
  checkNotDeleted(message);
  const { actions, actions_expire_at, choice } = toMessage(message);
  if (!actions?.some(({ id }) => id === action_id)) {
    throw new AppError('invalid_payload', 'The message has no such action.');
  }
  if (choice?.action_id === action_id && choice.by.id === identity_id) {
    return { since: (JSON.parse(message.choice ?? '') as StoredChoice).seq };
  }
  if (choice) throw new AppError('conflict', 'Another choice was made before.');
  if (actions_expire_at !== undefined && at >= actions_expire_at) {
    throw new AppError('conflict', 'It is too late to choose.');
  }
  const made = { action_id, by: identity_id, at };
  return {
    type: 'action.chosen',
    bytes: 0,
    patch: (seq) => ({
      choice: JSON.stringify({ ...made, seq } satisfies StoredChoice),
      updated_seq: seq,
    }),
  };
}

function checkAuthor(message: MessageRow, identityId: string): void {
  if (message.sender_id !== identityId) {
    throw new AppError('forbidden', 'Only its author can change a message.');
  }
}

function checkNotDeleted(message: MessageRow): void {
  if (message.deleted_at !== null) throw new AppError('conflict', 'The message is deleted.');
}
