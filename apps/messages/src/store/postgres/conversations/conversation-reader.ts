import {
  kindOf,
  LIMITS,
  previewOf,
  type Conversation,
  type Member,
  type SharedConversation,
} from '@agent-messenger/contracts';
import { noSuchConversation } from '../../access-rules';
import { unpackConversationId } from '../driver/ids';
import { byConversation } from '../driver/group-rows';
import type { Tx } from '../driver/transactions';
import { MESSAGE_SELECT, toStoredMessage, type StoredMessage } from '../log/rows';

/** A conversation with one member's own part of it. */
export interface ConversationRow {
  conversation: string;
  title: string | null;
  created_at: string;
  last_seq: number;
  /** What its members' listings are ordered by. */
  activity: number;
  last_message: number | null;
  identity: number;
  joined_seq: number;
  delivered_seq: number;
  read_seq: number;
  muted: boolean;
  archived: boolean;
  tags: string;
}
interface MemberRow {
  conversation: string;
  id: Member['id'];
  name: string;
  is_deleted: boolean;
  delivered_seq: number;
  read_seq: number;
}

/** ConversationRows of `conversations AS c` and `members AS m`; ends before WHERE. */
export const CONVERSATION_SELECT = `SELECT m.conversation, c.title, c.created_at, c.last_seq, c.last_message, m.identity,
    c.activity, m.joined_seq, m.delivered_seq, m.read_seq, m.muted, m.archived, m.tags
  FROM members m JOIN conversations c ON c.id = m.conversation`;
const MEMBERS = `SELECT m.conversation, i.id, i.name, m.delivered_seq, m.read_seq, a.deleted_at IS NOT NULL AS is_deleted
  FROM members m JOIN identities i ON i.n = m.identity LEFT JOIN agents a ON a.n = i.n
  WHERE m.conversation = ANY ($1::uuid[]) AND m.left_seq IS NULL ORDER BY m.joined_seq, i.id`;
const SHARED = 'SELECT title, created_at FROM conversations WHERE id = $1';
const LAST_MESSAGES = `SELECT m.* FROM unnest($1::uuid[], $2::bigint[]) u (conversation, seq)
  JOIN LATERAL (${MESSAGE_SELECT} WHERE x.conversation = u.conversation AND x.seq = u.seq AND x.id IS NOT NULL) m ON true`;
const UNREAD = `SELECT u.conversation, (SELECT count(*) FROM (
    SELECT 1 FROM log x WHERE x.conversation = u.conversation AND x.seq > u.read_seq AND x.counts <> u.identity
    LIMIT ${LIMITS.unreadCap}) unread) AS unread
  FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) u (conversation, read_seq, identity)`;

/** The present members. */
export async function membersOf(tx: Tx, conversation: string): Promise<Conversation['members']> {
  return (await tx.all<MemberRow>(MEMBERS, [[conversation]])).map(toMember);
}

/** What all members share: the conversation as it stands in an event. */
export async function sharedConversation(
  tx: Tx,
  conversation: string,
): Promise<SharedConversation> {
  const [row, members] = await Promise.all([
    tx.get<Omit<SharedConversation, 'members' | 'id'>>(SHARED, [conversation]),
    membersOf(tx, conversation),
  ]);
  if (!row) throw noSuchConversation();
  return { id: unpackConversationId(conversation), ...row, members: members.map(toShared) };
}

/** As a member sees it. Whether it is one has been checked before. */
export async function readConversation(
  tx: Tx,
  { conversation, identity }: { conversation: string; identity: number },
  compact = false,
): Promise<Conversation> {
  const sql = `${CONVERSATION_SELECT} WHERE m.conversation = $1 AND m.identity = $2`;
  const row = await tx.get<ConversationRow>(sql, [conversation, identity]);
  const [read] = row ? await toConversations(tx, [row], compact) : [];
  if (!read) throw noSuchConversation();
  return read;
}

/** What the rows lack is read for all of them at once. */
export async function toConversations(
  tx: Tx,
  rows: readonly ConversationRow[],
  compact = false,
): Promise<Conversation[]> {
  if (rows.length === 0) return [];
  const spoken = rows.filter(({ last_message }) => last_message !== null);
  const behind = rows.filter((row) => readUpTo(row) < row.last_seq);
  const [members, messages, unread] = await Promise.all([
    tx.all<MemberRow>(MEMBERS, [rows.map(({ conversation }) => conversation)]),
    tx.all<StoredMessage>(LAST_MESSAGES, [
      spoken.map(({ conversation }) => conversation),
      spoken.map(({ last_message }) => last_message),
    ]),
    tx.all<{ conversation: string; unread: number }>(UNREAD, [
      behind.map(({ conversation }) => conversation),
      behind.map(readUpTo),
      behind.map(({ identity }) => identity),
    ]),
  ]);
  const membersBy = byConversation(members);
  const messageBy = new Map(messages.map((stored) => [stored.conversation, stored]));
  const unreadBy = new Map(unread.map((row) => [row.conversation, row.unread]));
  return rows.map((row): Conversation => {
    const stored = messageBy.get(row.conversation);
    const last = stored ? toStoredMessage(stored) : null;
    return {
      id: unpackConversationId(row.conversation),
      title: row.title,
      created_at: row.created_at,
      members: (membersBy.get(row.conversation) ?? []).map(toMember),
      last_seq: row.last_seq,
      last_message: last && compact ? previewOf(last) : last,
      unread_count: unreadBy.get(row.conversation) ?? 0,
      delivered_seq: row.delivered_seq,
      read_seq: row.read_seq,
      muted: row.muted,
      archived: row.archived,
      tags: JSON.parse(row.tags) as string[],
    };
  });
}

/** What an event tells of a member: what is true of it for good. */
export function toShared({ id, kind, name }: Member): Member {
  return { id, kind, name };
}

function toMember({ id, name, delivered_seq, read_seq, is_deleted }: MemberRow) {
  const deleted = is_deleted && { deleted: true as const };
  return { id, name, delivered_seq, read_seq, kind: kindOf(id), ...deleted };
}

function readUpTo({ read_seq, joined_seq }: ConversationRow): number {
  return Math.max(read_seq, joined_seq - 1);
}
