import {
  kindOf,
  LIMITS,
  type Conversation,
  type Member,
  type SharedConversation,
} from '@agent-messenger/contracts';
import { noSuchConversation } from './access';
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from './rows';
import type { Sqlite } from './sqlite';

/** A conversation with one member's own part of it. */
export interface ConversationRow {
  id: string;
  title: string | null;
  created_at: string;
  last_seq: number;
  last_pos: number;
  last_message_id: string | null;
  identity_id: string;
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
  delivered_seq: number;
  read_seq: number;
}

/** Builds conversations as a member sees them. Whether it is one has been checked before. */
export interface ConversationReader {
  /** Yields ConversationRows of `conversations AS c` and `members AS m`; ends before WHERE. */
  select: string;
  /** The present members. */
  members(conversationId: string): Conversation['members'];
  /** What all members share: the conversation as it stands in an event. */
  shared(conversationId: string): SharedConversation;
  read(conversationId: string, identityId: string): Conversation;
  toConversation(row: ConversationRow): Conversation;
}

export function createConversationReader({ db }: Sqlite): ConversationReader {
  const select = `SELECT c.id, c.title, c.created_at, c.last_seq, c.last_pos, c.last_message_id, m.identity_id,
      m.joined_seq, m.delivered_seq, m.read_seq, m.muted, m.archived, m.tags
    FROM members m JOIN conversations c ON c.id = m.conversation_id`;
  const find = db.prepare<[string, string], ConversationRow>(
    `${select} WHERE m.conversation_id = ? AND m.identity_id = ?`,
  );
  const membersOf = db.prepare<[string], MemberRow>(
    `SELECT i.id, i.name, m.delivered_seq, m.read_seq FROM members m JOIN identities i ON i.id = m.identity_id
     WHERE m.conversation_id = ? AND m.left_seq IS NULL ORDER BY m.joined_seq, i.id`,
  );
  const findShared = db.prepare<[string], Omit<SharedConversation, 'members'>>(
    'SELECT id, title, created_at FROM conversations WHERE id = ?',
  );
  const message = db.prepare<[string], MessageRow>(
    `SELECT ${MESSAGE_COLUMNS} FROM messages x WHERE x.id = ?`,
  );
  const unread = db
    .prepare<[string, number, string]>(
      `SELECT count(*) FROM (
         SELECT 1 FROM messages WHERE conversation_id = ? AND seq > ? AND sender_id <> ? AND deleted_at IS NULL
         LIMIT ${LIMITS.unreadCap})`,
    )
    .pluck();

  function members(conversationId: string): Conversation['members'] {
    return membersOf.all(conversationId).map((row) => ({ ...row, kind: kindOf(row.id) }));
  }

  function toConversation(row: ConversationRow): Conversation {
    const last = row.last_message_id === null ? undefined : message.get(row.last_message_id);
    const readUpTo = Math.max(row.read_seq, row.joined_seq - 1);
    return {
      id: row.id,
      title: row.title,
      created_at: row.created_at,
      members: members(row.id),
      last_seq: row.last_seq,
      last_message: last ? toMessage(last) : null,
      unread_count:
        readUpTo < row.last_seq ? Number(unread.get(row.id, readUpTo, row.identity_id)) : 0,
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
    shared(conversationId) {
      const row = findShared.get(conversationId);
      if (!row) throw noSuchConversation();
      return {
        ...row,
        members: members(conversationId).map(({ id, kind, name }) => ({ id, kind, name })),
      };
    },
    read(conversationId, identityId) {
      const row = find.get(conversationId, identityId);
      if (!row) throw noSuchConversation();
      return toConversation(row);
    },
  };
}
