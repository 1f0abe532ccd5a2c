/**
 * The schema of version 18. Identities and conversations have numbers, which stay inside; public ids that a row has
 * many of are packed (packed.ts). One table has the log, and in the row of a `message.created` the message, as it is
 * now.
 *
 * Times are RFC 3339 texts in UTC with milliseconds, which sort as they read; in the log milliseconds since the epoch.
 * `rev` is the store's revision at the last change that a listing reports. A member is present while left_seq is null;
 * left_seq is the last event that is for it.
 */
export const COMPACT_SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT here and below: a number is never given out twice.
  CREATE TABLE identities (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'agent')),
    name TEXT NOT NULL,
    epoch INTEGER NOT NULL DEFAULT 0,
    last_connected_at TEXT,
    created_at TEXT NOT NULL,
    -- Of its last change that the members of its conversations see.
    rev INTEGER NOT NULL DEFAULT 0,
    -- Conversations with messages that the identity is in.
    talks INTEGER NOT NULL DEFAULT 0,
    -- 1: a person whose account is gone.
    erased INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX identities_username ON identities (name) WHERE kind = 'user';

  CREATE TABLE users (
    id TEXT PRIMARY KEY REFERENCES identities (id),
    password_hash TEXT NOT NULL,
    disabled_at TEXT
  ) STRICT;
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users,
    refresh_digest TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    -- Refresh tokens of a session are a tree: one that is shown again while its answer may have been lost has several
    -- successors, and each of them may be used.
    refresh_parent TEXT,
    -- When it was begun, refreshed or connected: at the cap the one that is unused for longest makes room.
    last_used_at TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX sessions_by_user ON sessions (user_id);
  -- Refresh tokens that were swapped for another: who shows one again holds a copy.
  CREATE TABLE rotated_digests (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- 0: never used; a repetition handed out another one beside it, and whichever is used first counts.
    spent INTEGER NOT NULL DEFAULT 1,
    parent TEXT,
    used_at TEXT
  ) STRICT;
  CREATE INDEX rotated_digests_by_session ON rotated_digests (session_id);

  CREATE TABLE agents (
    n INTEGER PRIMARY KEY REFERENCES identities,
    id TEXT NOT NULL UNIQUE,
    description TEXT,
    model TEXT,
    -- The row remains: conversations go on showing the agent's name.
    deleted_at TEXT,
    -- Who may talk to it: everyone, or who is on its list.
    access TEXT NOT NULL DEFAULT 'everyone'
  ) STRICT;
  -- What a person's list of agents is read from: many that are not for it cost it nothing.
  CREATE INDEX agents_for_everyone ON agents (id) WHERE access = 'everyone' AND deleted_at IS NULL;
  CREATE TABLE agent_people (
    agent_id TEXT NOT NULL REFERENCES agents (id),
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at TEXT NOT NULL,
    PRIMARY KEY (agent_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX agent_people_by_user ON agent_people (user_id, agent_id);
  CREATE TABLE agent_keys (
    key_id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id),
    key_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    name TEXT NOT NULL DEFAULT 'key',
    expires_at TEXT,
    last_used_at TEXT
  ) STRICT;
  CREATE INDEX agent_keys_by_agent ON agent_keys (agent_id);

  CREATE TABLE conversations (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT,
    created_at TEXT NOT NULL,
    created_by INTEGER NOT NULL REFERENCES identities,
    client_id TEXT,
    digest BLOB NOT NULL,
    last_seq INTEGER NOT NULL,
    -- Seq of the last message; null: there is none, or the conversation is deleted.
    last_message INTEGER,
    deleted_at TEXT,
    rev INTEGER NOT NULL,
    -- 1 when nothing is left of a deleted conversation but its last event.
    emptied INTEGER NOT NULL DEFAULT 0,
    UNIQUE (created_by, client_id)
  ) STRICT;
  CREATE INDEX conversations_deleted ON conversations (emptied, deleted_at) WHERE deleted_at IS NOT NULL;
  -- Counts a person's conversations without reading one; no send touches it.
  CREATE INDEX conversations_by_creator ON conversations (created_by) WHERE deleted_at IS NULL;

  CREATE TABLE members (
    conversation INTEGER NOT NULL REFERENCES conversations,
    identity INTEGER NOT NULL REFERENCES identities,
    joined_seq INTEGER NOT NULL,
    left_seq INTEGER,
    left_at TEXT,
    delivered_seq INTEGER NOT NULL DEFAULT 0,
    -- Up to where a person may have seen what was delivered: a client that has no eyes before it delivers without it.
    seen_seq INTEGER NOT NULL DEFAULT 0,
    read_seq INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '[]',
    rev INTEGER NOT NULL,
    -- What a member's listing is ordered by: of the last message, or of the creation. Null: not listed, because the
    -- member left or the conversation is deleted.
    message_pos INTEGER,
    -- 1 while events of the conversation are on their way to the member: delivered_seq is below the last that is for it.
    pending INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation, identity)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_by_identity ON members (identity, conversation);
  CREATE INDEX members_by_activity ON members (identity, message_pos) WHERE message_pos IS NOT NULL;
  CREATE INDEX members_gone ON members (identity, rev) WHERE message_pos IS NULL;
  CREATE INDEX members_pending ON members (identity, conversation) WHERE pending = 1;

  -- about: seq of the message that an edit, deletion, reaction or choice is of. From id on: of a message. updated_seq and
  -- reactions are null as long as they are seq and none. counts: who sent it, unless it is deleted; in the index, a
  -- generated column would not be read from there alone.
  CREATE TABLE log (
    pos INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations,
    seq INTEGER NOT NULL,
    type INTEGER NOT NULL,
    actor INTEGER NOT NULL REFERENCES identities,
    at INTEGER NOT NULL,
    about INTEGER,
    data TEXT,
    id ANY,
    client_id ANY,
    digest BLOB,
    content TEXT,
    updated_seq INTEGER,
    metadata TEXT,
    reply_to ANY,
    edited_at INTEGER,
    deleted_at INTEGER,
    state TEXT,
    error TEXT,
    -- What it offers to choose from, until when, and what was chosen, with the seq of its event.
    actions TEXT,
    actions_expire_at TEXT,
    choice TEXT,
    reactions TEXT,
    counts INTEGER
  ) STRICT;
  -- Covers the unread count: it looks at many messages and needs none of their text.
  CREATE INDEX log_by_seq ON log (conversation, seq, counts);
  CREATE UNIQUE INDEX log_by_message ON log (id) WHERE id IS NOT NULL;
  CREATE UNIQUE INDEX log_by_client ON log (actor, client_id) WHERE client_id IS NOT NULL;

  -- What a conversation's agent was given when its connection broke: seq is the first event that it had not dealt with,
  -- attempts how often that one was under way at an end, and up to until_seq others were under way with it.
  CREATE TABLE delivery_attempts (
    conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    agent INTEGER NOT NULL REFERENCES identities,
    seq INTEGER NOT NULL,
    until_seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (conversation, agent)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE push_tokens (
    token TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users,
    device_id TEXT NOT NULL,
    platform TEXT NOT NULL,
    keys TEXT,
    quiet_hours TEXT,
    registered_at TEXT NOT NULL,
    -- The store's revision at the registration: clocks go back, and who registered last must not count as the oldest.
    rev INTEGER NOT NULL DEFAULT 0,
    -- The conversation whose push finds out whether the device can be reached, while it cannot; the others wait.
    probe TEXT,
    -- 0: nothing waits here. Grows when something begins to: who has queued what waits knows whether that was all.
    backlog INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_id, device_id)
  ) STRICT;
  CREATE INDEX push_waiting ON push_tokens (user_id, device_id) WHERE backlog > 0;
  CREATE INDEX push_released ON push_tokens (user_id, device_id) WHERE backlog > 0 AND probe IS NULL;
  -- The last that a device was told about a conversation: a device whose provider is down misses nothing because
  -- another one of the person was told.
  CREATE TABLE push_marks (
    user_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversations ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at TEXT NOT NULL,
    -- The message that the device shows, and its updated_seq when it was told; 0: none.
    shown_seq INTEGER NOT NULL DEFAULT 0,
    shown_rev INTEGER NOT NULL DEFAULT 0,
    -- What is shown was read, edited or deleted: 1: nobody is at it, 2: a job is.
    stale INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, device_id, conversation),
    FOREIGN KEY (user_id, device_id) REFERENCES push_tokens (user_id, device_id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX push_marks_by_conversation ON push_marks (conversation);
  CREATE INDEX push_marks_stale ON push_marks (user_id, device_id, conversation) WHERE stale = 1;
  CREATE INDEX push_marks_shown ON push_marks (conversation, user_id) WHERE shown_seq > 0;

  -- identity_id is the identity that the target is or belongs to. Every index ends with the id, so that all listings are
  -- read newest first. count: refusals of one address and action within a minute that the entry stands for.
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    target TEXT,
    identity_id TEXT,
    ip TEXT,
    result TEXT NOT NULL,
    count INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE INDEX audit_by_action ON audit (action);
  CREATE INDEX audit_by_actor ON audit (actor_id) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_actor_action ON audit (actor_id, action) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_identity ON audit (identity_id) WHERE identity_id IS NOT NULL;
  CREATE INDEX audit_by_identity_action ON audit (identity_id, action) WHERE identity_id IS NOT NULL;

  -- People whose account is gone and whose conversations and traces are still being removed, and how far that is.
  CREATE TABLE erasures (
    user_id TEXT PRIMARY KEY REFERENCES identities (id),
    after_conversation INTEGER,
    after_audit INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;

  -- What identities, and the addresses from which people registered, have stored. day_bytes is a level that runs out
  -- within a day, as it was at day_at, ms since the epoch.
  CREATE TABLE storage_use (
    key TEXT PRIMARY KEY,
    address TEXT,
    bytes INTEGER NOT NULL,
    day_bytes INTEGER NOT NULL,
    day_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  -- Whether an address is still somebody's: an erased person's is kept no longer.
  CREATE INDEX storage_use_by_address ON storage_use (address) WHERE address IS NOT NULL;
`;
