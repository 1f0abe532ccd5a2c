import {
  kindOf,
  LIMITS,
  type Conversation,
  previewOf,
  type Member,
  type Message,
  type SharedConversation,
} from '@agent-messenger/contracts';
import { noSuchConversation } from '../access-rules';
import { toMessage } from '../message-rows';
import { MESSAGE_SELECT, unpackMessage, type StoredMessage } from './rows';
import type { Sqlite } from './sqlite';

/** A conversation with one member's own part of it. */
export interface ConversationRow {
  n: number;
  id: string;
  title: string | null;
  created_at: string;
  last_seq: number;
  /** The member's; null when it lists the conversation no more. */
  message_pos: number | null;
  last_message: number | null;
  identity: number;
  joined_seq: number;
  delivered_seq: number;
  read_seq: number;
  muted: number;
  archived: number;
  tags: string;
}
interface MemberRow {
  id: Member['id'];
  name: string;
  is_deleted: 0 | 1;
  delivered_seq: number;
  read_seq: number;
}

/** Builds conversations as a member sees them. Whether it is one has been checked before. */
export interface ConversationReader {
  /** Yields ConversationRows of `conversations AS c` and `members AS m`; ends before WHERE. */
  select: string;
  /** The present members. */
  members(conversation: number): Conversation['members'];
  /** What all members share: the conversation as it stands in an event. */
  shared(conversation: number): SharedConversation;
  /** @param compact with the last message as a preview */
  read(member: { conversation: number; identity: number }, compact?: boolean): Conversation;
  toConversation(row: ConversationRow, compact?: boolean): Conversation;
}

export function createConversationReader({ db }: Sqlite): ConversationReader {
  const select = `SELECT c.n, c.id, c.title, c.created_at, c.last_seq, c.last_message, m.identity,
      m.message_pos, m.joined_seq, m.delivered_seq, m.read_seq, m.muted, m.archived, m.tags
    FROM members m JOIN conversations c ON c.n = m.conversation`;
  const find = db.prepare<[number, number], ConversationRow>(
    `${select} WHERE m.conversation = ? AND m.identity = ?`,
  );
  const membersOf = db.prepare<[number], MemberRow>(
    `SELECT i.id, i.name, m.delivered_seq, m.read_seq, a.deleted_at IS NOT NULL AS is_deleted
     FROM members m JOIN identities i ON i.n = m.identity LEFT JOIN agents a ON a.n = i.n
     WHERE m.conversation = ? AND m.left_seq IS NULL ORDER BY m.joined_seq, i.id`,
  );
  const findShared = db.prepare<[number], Omit<SharedConversation, 'members'>>(
    'SELECT id, title, created_at FROM conversations WHERE n = ?',
  );
  const message = db.prepare<[number, number], StoredMessage>(
    `${MESSAGE_SELECT} WHERE x.conversation = ? AND x.seq = ? AND x.id IS NOT NULL`,
  );
  const unread = db
    .prepare<[number, number, number]>(
      `SELECT count(*) FROM (
         SELECT 1 FROM log WHERE conversation = ? AND seq > ? AND counts <> ?
         LIMIT ${LIMITS.unreadCap})`,
    )
    .pluck();

  function members(conversation: number): Conversation['members'] {
    return membersOf.all(conversation).map(({ is_deleted, ...row }) => ({
      ...row,
      kind: kindOf(row.id),
      ...(is_deleted === 1 && { deleted: true as const }),
    }));
  }

  function lastMessage({ n, last_message }: ConversationRow, compact: boolean): Message | null {
    const stored = last_message === null ? undefined : message.get(n, last_message);
    if (!stored) return null;
    const found = toMessage(unpackMessage(stored));
    return compact ? previewOf(found) : found;
  }

  function toConversation(row: ConversationRow, compact = false): Conversation {
    const readUpTo = Math.max(row.read_seq, row.joined_seq - 1);
    return {
      id: row.id,
      title: row.title,
      created_at: row.created_at,
      members: members(row.n),
      last_seq: row.last_seq,
      last_message: lastMessage(row, compact),
      unread_count: readUpTo < row.last_seq ? Number(unread.get(row.n, readUpTo, row.identity)) : 0,
      delivered_seq: row.delivered_seq,
      read_seq: row.read_seq,
      muted: row.muted === 1,
      archived: row.archived === 1,
      tags: JSON.parse(row.tags) as string[],
    };
  }

  return {
    select,
    members,
    toConversation,
    shared(conversation) {
      const row = findShared.get(conversation);
      if (!row) throw noSuchConversation();
      return {
        ...row,
        members: members(conversation).map(toShared),
      };
    },
    read({ conversation, identity }, compact) {
      const row = find.get(conversation, identity);
      if (!row) throw noSuchConversation();
      return toConversation(row, compact);
    },
  };
}

/** What an event tells of a member: what is true of it for good. */
export function toShared({ id, kind, name }: Member): Member {
  return { id, kind, name };
}
