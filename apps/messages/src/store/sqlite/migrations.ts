/**
 * Schema, one step per entry; `user_version` counts the steps a file has seen. Forward only: a step that has been
 * released is never changed.
 *
 * Times are RFC 3339 texts in UTC with milliseconds, which sort as they read. `rev` is the store's revision at the
 * last change that a listing reports. A member is present while left_seq is null; left_seq is the last event that is
 * for it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'agent')),
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    last_connected_at TEXT,
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX identities_username ON identities (name) WHERE kind = 'user';

  CREATE TABLE users (
    id TEXT PRIMARY KEY REFERENCES identities,
    password_hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users,
    refresh_digest TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
  ) STRICT;
  CREATE INDEX sessions_by_user ON sessions (user_id);
  -- Refresh tokens that were swapped for another: who shows one again holds a copy.
  CREATE TABLE rotated_digests (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE
  ) STRICT;
  CREATE INDEX rotated_digests_by_session ON rotated_digests (session_id);

  CREATE TABLE agents (
    id TEXT PRIMARY KEY REFERENCES identities,
    description TEXT,
    model TEXT
  ) STRICT;
  CREATE TABLE agent_keys (
    key_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents,
    key_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT
  ) STRICT;
  CREATE INDEX agent_keys_by_agent ON agent_keys (agent_id);

  CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT,
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES identities,
    client_id TEXT,
    digest BLOB NOT NULL,
    last_seq INTEGER NOT NULL,
    last_pos INTEGER NOT NULL,
    last_message_id TEXT,
    deleted_at TEXT,
    rev INTEGER NOT NULL,
    UNIQUE (created_by, client_id)
  ) STRICT;
  CREATE TABLE members (
    conversation_id TEXT NOT NULL REFERENCES conversations,
    identity_id TEXT NOT NULL REFERENCES identities,
    joined_seq INTEGER NOT NULL,
    left_seq INTEGER,
    left_at TEXT,
    delivered_seq INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    pushed_seq INTEGER NOT NULL DEFAULT 0,
    pushed_at TEXT,
    muted INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]',
    rev INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, identity_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_identity ON members (identity_id, conversation_id);

  CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations,
    seq INTEGER NOT NULL,
    updated_seq INTEGER NOT NULL,
    sender_id TEXT NOT NULL REFERENCES identities,
    client_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    content TEXT,
    metadata TEXT,
    reply_to TEXT,
    created_at TEXT NOT NULL,
    edited_at TEXT,
    deleted_at TEXT,
    state TEXT,
    UNIQUE (sender_id, client_id)
  ) STRICT;
  -- Covers the unread count: it looks at many messages and needs none of their text.
  CREATE INDEX messages_by_seq ON messages (conversation_id, seq, sender_id, deleted_at);

  -- AUTOINCREMENT: a position is never given out twice, or consumers would pass over the second.
  CREATE TABLE events (
    pos INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversations,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor_id TEXT NOT NULL REFERENCES identities,
    at TEXT NOT NULL,
    message_id TEXT REFERENCES messages,
    data TEXT,
    UNIQUE (conversation_id, seq)
  ) STRICT;

  CREATE TABLE push_tokens (
    token TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users,
    device_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    keys TEXT,
    quiet_hours TEXT,
    registered_at TEXT NOT NULL,
    UNIQUE (user_id, device_id)
  ) STRICT;
  `,
  `
  ALTER TABLE messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '[]';
  -- 1 when nothing is left of a deleted conversation but its last event.
  ALTER TABLE conversations ADD COLUMN emptied INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX conversations_deleted ON conversations (emptied, deleted_at) WHERE deleted_at IS NOT NULL;

  -- Again, with message_id no foreign key: removing a message would look for its events in the whole table, and an
  -- index for that would cost every send.
  CREATE TABLE events_2 (
    pos INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversations,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor_id TEXT NOT NULL REFERENCES identities,
    at TEXT NOT NULL,
    message_id TEXT,
    data TEXT,
    UNIQUE (conversation_id, seq)
  ) STRICT;
  INSERT INTO events_2 SELECT pos, conversation_id, seq, type, actor_id, at, message_id, data FROM events ORDER BY pos;
  DROP TABLE events;
  ALTER TABLE events_2 RENAME TO events;
  `,
  `
  -- The last that a device was told about a conversation: a device whose provider is down misses nothing because
  -- another one of the person was told.
  CREATE TABLE push_marks (
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (user_id, device_id, conversation_id),
    FOREIGN KEY (user_id, device_id) REFERENCES push_tokens (user_id, device_id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX push_marks_by_conversation ON push_marks (conversation_id);
  ALTER TABLE members DROP COLUMN pushed_seq;
  ALTER TABLE members DROP COLUMN pushed_at;
  `,
  `
  -- The refresh token that was used last: for a while, a repetition of it is an answer that was lost, not a theft.
  ALTER TABLE sessions ADD COLUMN used_digest TEXT;
  ALTER TABLE sessions ADD COLUMN used_at TEXT;
  -- 0: never used; a repetition handed out another one beside it, and whichever is used first counts.
  ALTER TABLE rotated_digests ADD COLUMN spent INTEGER NOT NULL DEFAULT 1;
  `,
  `
  ALTER TABLE agent_keys ADD COLUMN name TEXT NOT NULL DEFAULT 'key';
  ALTER TABLE agent_keys ADD COLUMN expires_at TEXT;
  ALTER TABLE agent_keys ADD COLUMN last_used_at TEXT;
  ALTER TABLE users ADD COLUMN disabled_at TEXT;
  -- The row remains: conversations go on showing the agent's name.
  ALTER TABLE agents ADD COLUMN deleted_at TEXT;
  -- Counts a person's conversations without reading one; no send touches it.
  CREATE INDEX conversations_by_creator ON conversations (created_by) WHERE deleted_at IS NULL;

  -- AUTOINCREMENT: ids rise with time, also after the newest entries were pruned. identity_id is the identity that the
  -- target is or belongs to. Every index ends with the id, so that all listings are read newest first.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    target TEXT,
    identity_id TEXT,
    ip TEXT,
    result TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_by_action ON audit (action);
  CREATE INDEX audit_by_actor ON audit (actor_id) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_actor_action ON audit (actor_id, action) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_identity ON audit (identity_id) WHERE identity_id IS NOT NULL;
  CREATE INDEX audit_by_identity_action ON audit (identity_id, action) WHERE identity_id IS NOT NULL;

  -- People whose account is gone and whose conversations and traces are still being removed, and how far that is.
  CREATE TABLE erasures (
    user_id TEXT PRIMARY KEY REFERENCES identities,
    after_conversation TEXT,
    after_audit INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  `,
];
