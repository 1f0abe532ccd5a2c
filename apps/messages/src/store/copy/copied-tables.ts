import { packConversationId, packMessageId } from '../postgres/driver/ids';
import type { Value } from '../postgres/driver/value-types';
import { unpackMessageId, unpackUuid, type Packed } from '../sqlite/packed';

/** A row as SQLite has it. */
export type SourceRow = Record<string, string | number | Buffer | null>;

interface Column {
  name: string;
  /** PostgreSQL's. */
  type: 'text' | 'bigint' | 'smallint' | 'boolean' | 'uuid' | 'bytea';
  from(row: SourceRow): Value;
}

export interface CopiedTable {
  name: string;
  /** Rows in the order of `key`. */
  select: string;
  columns: readonly Column[];
  /** What orders the rows alike in both stores. */
  key: string;
  /** The sequence that gives out its numbers. */
  sequence?: string;
}

const column = (name: string, type: Column['type'], from?: Column['from']): Column => ({
  name,
  type,
  from: from ?? ((row) => row[name] ?? null),
});
const texts = (...names: string[]) => names.map((name) => column(name, 'text'));
const numbers = (...names: string[]) => names.map((name) => column(name, 'bigint'));
const flags = (...names: string[]) =>
  names.map((name) => column(name, 'boolean', (row) => row[name] === 1));
/** Of rows that carry the conversation's public id. */
const conversation = (name = 'conversation') =>
  column(name, 'uuid', (row) => packConversationId(String(row['conversation_id'])));
/** A listing says what changed since a token of this store, and there are none yet. */
const rev = column('rev', 'bigint', () => 0);
const messageId = (name: string) =>
  column(name, 'uuid', (row) =>
    row[name] === null ? null : packMessageId(unpackMessageId(row[name] as Packed)),
  );
const clientId = column('client_id', 'text', (row) =>
  row['client_id'] === null ? null : unpackUuid(row['client_id'] as Packed),
);
/** SQL: where a conversation `c` is in its members' listings. */
const ACTIVITY = '(SELECT ifnull(max(o.message_pos), 0) FROM members o WHERE o.conversation = c.n)';
const LEAST_UUID = '00000000-0000-0000-0000-000000000000';

/** In an order in which what is referred to is there. */
export const COPIED_TABLES: readonly CopiedTable[] = [
  {
    name: 'identities',
    select: 'SELECT * FROM identities ORDER BY n',
    columns: [
      ...numbers('n', 'epoch'),
      ...texts('id', 'kind', 'name', 'last_connected_at', 'created_at'),
      ...flags('erased'),
      rev,
    ],
    key: 'n',
    sequence: "pg_get_serial_sequence('identities', 'n')",
  },
  {
    name: 'users',
    select: 'SELECT * FROM users ORDER BY id',
    columns: texts('id', 'password_hash', 'disabled_at'),
    key: 'id',
  },
  {
    name: 'sessions',
    select: 'SELECT * FROM sessions ORDER BY id',
    columns: [
      ...texts('id', 'user_id', 'refresh_digest', 'created_at', 'expires_at', 'revoked_at'),
      ...texts('refresh_parent', 'last_used_at'),
    ],
    key: 'id',
  },
  {
    name: 'rotated_digests',
    select: 'SELECT * FROM rotated_digests ORDER BY id',
    columns: [
      ...numbers('id'),
      ...texts('digest', 'session_id', 'parent', 'used_at'),
      ...flags('spent'),
    ],
    key: 'id',
    sequence: "pg_get_serial_sequence('rotated_digests', 'id')",
  },
  {
    name: 'agents',
    select: 'SELECT * FROM agents ORDER BY n',
    columns: [...numbers('n'), ...texts('id', 'description', 'model', 'deleted_at', 'access')],
    key: 'n',
  },
  {
    name: 'agent_people',
    select: 'SELECT * FROM agent_people ORDER BY agent_id, user_id',
    columns: texts('agent_id', 'user_id', 'added_at'),
    key: 'agent_id, user_id',
  },
  {
    name: 'agent_keys',
    select: 'SELECT * FROM agent_keys ORDER BY key_id',
    columns: [
      ...texts('key_id', 'agent_id', 'key_hash', 'created_at', 'revoked_at', 'name'),
      ...texts('expires_at', 'last_used_at'),
    ],
    key: 'key_id',
  },
  {
    name: 'conversations',
    select: `SELECT c.id AS conversation_id, c.*, ${ACTIVITY} AS activity FROM conversations c ORDER BY c.id`,
    columns: [
      conversation('id'),
      ...numbers('created_by', 'last_seq', 'last_message', 'activity'),
      ...texts('title', 'created_at', 'client_id', 'deleted_at'),
      column('digest', 'bytea'),
      ...flags('emptied'),
      rev,
    ],
    key: 'id',
  },
  {
    name: 'members',
    // Up to where a push is due of what nobody has seen is a position in the one log that SQLite has.
    select: `SELECT c.id AS conversation_id, m.*,
        c.last_message IS NOT NULL AND m.left_seq IS NULL AND c.deleted_at IS NULL AS talks,
        ifnull((SELECT max(x.seq) FROM log x WHERE x.conversation = m.conversation AND x.pos <= max(
          ifnull((SELECT value FROM meta WHERE key = 'offset.unseen'), 0),
          ifnull((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'unseen_due'), 0))), 0) AS unseen_due_seq
      FROM members m JOIN conversations c ON c.n = m.conversation ORDER BY c.id, m.identity`,
    columns: [
      conversation(),
      ...numbers('identity', 'joined_seq', 'left_seq', 'delivered_seq', 'seen_seq', 'read_seq'),
      ...numbers('unseen_due_seq'),
      column('gone_rev', 'bigint', (row) => (row['message_pos'] === null ? 0 : null)),
      ...flags('talks', 'muted', 'archived'),
      ...texts('left_at', 'tags'),
      rev,
    ],
    key: 'conversation, identity',
  },
  {
    name: 'listings',
    select: `SELECT c.id AS conversation_id, m.identity, ${ACTIVITY} AS activity
      FROM members m JOIN conversations c ON c.n = m.conversation
      WHERE m.message_pos IS NOT NULL ORDER BY c.id, m.identity`,
    columns: [...numbers('identity', 'activity'), conversation()],
    key: 'conversation, identity',
  },
  {
    name: 'pending',
    select: `SELECT c.id AS conversation_id, m.identity FROM members m JOIN conversations c ON c.n = m.conversation
      WHERE m.pending = 1 AND m.delivered_seq < min(ifnull(m.left_seq, c.last_seq), c.last_seq)
      ORDER BY c.id, m.identity`,
    columns: [...numbers('identity'), conversation()],
    key: 'conversation, identity',
  },
  {
    name: 'log',
    select: `SELECT c.id AS conversation_id, x.* FROM conversations c JOIN log x ON x.conversation = c.n
      ORDER BY c.id, x.seq`,
    columns: [
      conversation(),
      ...numbers('seq', 'actor', 'at', 'about', 'counts', 'updated_seq', 'edited_at', 'deleted_at'),
      column('type', 'smallint'),
      messageId('id'),
      messageId('reply_to'),
      clientId,
      ...texts('data', 'content', 'metadata', 'state', 'error', 'actions', 'actions_expire_at'),
      ...texts('choice', 'reactions'),
    ],
    key: 'conversation, seq',
  },
  {
    name: 'sends',
    select: `SELECT c.id AS conversation_id, x.actor, x.seq, x.client_id, x.digest
      FROM conversations c JOIN log x ON x.conversation = c.n
      WHERE x.client_id IS NOT NULL AND x.digest IS NOT NULL ORDER BY c.id, x.seq`,
    columns: [
      column('sender', 'bigint', (row) => row['actor'] ?? null),
      ...numbers('seq'),
      conversation(),
      clientId,
      column('digest', 'bytea'),
    ],
    key: 'conversation, seq',
  },
  {
    name: 'delivery_attempts',
    select: `SELECT c.id AS conversation_id, a.* FROM delivery_attempts a JOIN conversations c ON c.n = a.conversation
      ORDER BY c.id, a.agent`,
    columns: [conversation(), ...numbers('agent', 'seq', 'until_seq', 'attempts')],
    key: 'conversation, agent',
  },
  {
    name: 'push_tokens',
    select: 'SELECT * FROM push_tokens ORDER BY token',
    columns: [
      ...texts('token', 'user_id', 'device_id', 'platform', 'keys', 'quiet_hours', 'registered_at'),
      column('registration', 'bigint', (row) => row['rev'] ?? 0),
      ...texts('probe'),
      ...numbers('backlog'),
    ],
    key: 'token',
  },
  {
    name: 'push_marks',
    select: `SELECT c.id AS conversation_id, k.* FROM push_marks k JOIN conversations c ON c.n = k.conversation
      ORDER BY k.user_id, k.device_id, c.id`,
    columns: [
      ...texts('user_id', 'device_id', 'at'),
      conversation(),
      ...numbers('seq', 'shown_seq', 'shown_rev'),
      column('stale', 'smallint'),
    ],
    key: 'user_id, device_id, conversation',
  },
  {
    name: 'audit',
    select: 'SELECT * FROM audit ORDER BY id',
    columns: [
      ...numbers('id', 'count'),
      ...texts('at', 'action', 'actor_kind', 'actor_id', 'target', 'identity_id', 'ip', 'result'),
    ],
    key: 'id',
    sequence: "pg_get_serial_sequence('audit', 'id')",
  },
  {
    name: 'erasures',
    select: 'SELECT * FROM erasures ORDER BY user_id',
    columns: [
      ...texts('user_id'),
      // Begun anew: the order of conversations is another one, and to end one twice changes nothing.
      column('after_conversation', 'uuid', (row) =>
        row['after_conversation'] === null ? null : LEAST_UUID,
      ),
      ...numbers('after_audit'),
    ],
    key: 'user_id',
  },
  {
    name: 'storage_use',
    select: 'SELECT * FROM storage_use ORDER BY key',
    columns: [...texts('key', 'address'), ...numbers('bytes', 'day_bytes', 'day_at')],
    key: 'key',
  },
];
