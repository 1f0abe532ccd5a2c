import {
  LIMITS,
  type Changed,
  type Event,
  type Message,
  type Operation,
} from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { fence, type Access } from './access';
import type { EventWriter } from './event-writer';
import { EVENT_SELECT, MESSAGE_COLUMNS, toEvent, type EventRow, type MessageRow } from './rows';
import type { Sqlite, Transaction } from './sqlite';

type Change = Extract<Operation, { op: 'edit' | 'delete' | 'react' }>;
type Edit = Extract<Change, { op: 'edit' }>;
type Reaction = Extract<Change, { op: 'react' }>;

/** What an operation does to its message; null when it is so already. */
type Plan = {
  type: Event['type'];
  data?: object;
  /** `seq` is the event's. */
  update(seq: number): void;
} | null;

/** Edits, deletions and reactions: an event, and the message as it is from then on. */
export interface Changes {
  /** Throws AppErrors before the first write. */
  carryOut(operation: Change, tx: Transaction): Changed;
}

export function createChanges(
  { db }: Sqlite,
  { access, events }: { access: Access; events: EventWriter },
): Changes {
  const find = db.prepare<[string, string, number], MessageRow>(
    `SELECT ${MESSAGE_COLUMNS} FROM messages x WHERE x.id = ? AND x.conversation_id = ? AND x.seq >= ?`,
  );
  const eventAt = db.prepare<[string, number], EventRow>(
    `${EVENT_SELECT} WHERE e.conversation_id = ? AND e.seq = ?`,
  );
  const setContent = db.prepare(
    'UPDATE messages SET content = ?, edited_at = ?, updated_seq = ? WHERE id = ?',
  );
  const setReactions = db.prepare(
    'UPDATE messages SET reactions = ?, updated_seq = ? WHERE id = ?',
  );
  // The digest stays: a retry of the send is still recognised.
  const makeTombstone = db.prepare(
    `UPDATE messages SET content = NULL, metadata = NULL, reactions = '[]', deleted_at = ?, updated_seq = ?
     WHERE id = ?`,
  );

  function planEdit({ identity_id, content }: Edit, message: MessageRow, at: string): Plan {
    checkAuthor(message, identity_id);
    checkNotDeleted(message);
    if (message.content === content) return null;
    return {
      type: 'message.edited',
      update: (seq) => setContent.run(content, at, seq, message.id),
    };
  }

  function planDelete(identityId: string, message: MessageRow, at: string): Plan {
    checkAuthor(message, identityId);
    if (message.deleted_at !== null) return null;
    return {
      type: 'message.deleted',
      update: (seq) => makeTombstone.run(at, seq, message.id),
    };
  }

  function planReaction({ identity_id, emoji, set }: Reaction, message: MessageRow): Plan {
    checkNotDeleted(message);
    const before = JSON.parse(message.reactions) as Message['reactions'];
    const after = withReaction(before, emoji, identity_id, set);
    if (after === before) return null;
    return {
      type: 'reaction.set',
      data: { reaction: { message_id: message.id, emoji, identity_id, set } },
      update: (seq) => setReactions.run(JSON.stringify(after), seq, message.id),
    };
  }

  function plan(operation: Change, message: MessageRow, at: string): Plan {
    switch (operation.op) {
      case 'edit':
        return planEdit(operation, message, at);
      case 'delete':
        return planDelete(operation.identity_id, message, at);
      case 'react':
        return planReaction(operation, message);
    }
  }

  function readEvent(conversationId: string, seq: number): Event {
    const row = eventAt.get(conversationId, seq);
    if (!row) throw new Error(`the log of ${conversationId} has no event ${seq}`);
    return toEvent(row);
  }

  return {
    carryOut(operation, tx) {
      const { identity_id, conversation_id, message_id, epoch } = operation;
      const member = access.present(conversation_id, identity_id);
      const message = find.get(message_id, conversation_id, member.joined_seq);
      if (!message) throw new AppError('not_found', 'No such message.');
      const planned = plan(operation, message, tx.at);
      // Before the fence, as a repeated send: what is so already can be said to whichever connection asks.
      if (!planned)
        return { event: readEvent(conversation_id, message.updated_seq), duplicate: true };
      fence(member, epoch);
      const seq = member.last_seq + 1;
      planned.update(seq);
      const { type, data } = planned;
      events.write(tx, { conversation_id, seq, type, actor_id: identity_id, message_id, data });
      return { event: readEvent(conversation_id, seq), duplicate: false };
    },
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

/** The same array when nothing changes. Emoji are in the order of their first use, identities in theirs. */
function withReaction(
  reactions: Message['reactions'],
  emoji: string,
  identityId: string,
  set: boolean,
): Message['reactions'] {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  if ((known?.identity_ids.includes(identityId) ?? false) === set) return reactions;
  if (!known) {
    if (reactions.length >= LIMITS.emojiPerMessage) {
      throw new AppError(
        'conflict',
        `A message has at most ${LIMITS.emojiPerMessage} different reactions.`,
      );
    }
    return [...reactions, { emoji, identity_ids: [identityId] }];
  }
  const identity_ids = set
    ? [...known.identity_ids, identityId]
    : known.identity_ids.filter((id) => id !== identityId);
  return reactions
    .map((reaction) => (reaction === known ? { emoji, identity_ids } : reaction))
    .filter((reaction) => reaction.identity_ids.length > 0);
}
