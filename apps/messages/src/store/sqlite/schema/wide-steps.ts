/**
 * The schema up to version 17, one step per entry; `user_version` counts the steps a file has seen. Nothing is added
 * any more: files of these versions are made compact. Forward only: a step that has been released is never changed.
 *
 * Times are RFC 3339 texts in UTC with milliseconds, which sort as they read. `rev` is the store's revision at the
 * last change that a listing reports. A member is present while left_seq is null; left_seq is the last event that is
 * for it.
 */
export const WIDE_STEPS: readonly string[] = [
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
  `
  -- Refresh tokens of a session are a tree: one that is shown again while its answer may have been lost has several
  -- successors, and each of them may be used.
  ALTER TABLE sessions ADD COLUMN refresh_parent TEXT;
  ALTER TABLE rotated_digests ADD COLUMN parent TEXT;
  ALTER TABLE rotated_digests ADD COLUMN used_at TEXT;
  UPDATE sessions SET refresh_parent = used_digest;
  UPDATE rotated_digests SET parent = (SELECT used_digest FROM sessions WHERE id = session_id) WHERE spent = 0;
  UPDATE rotated_digests SET used_at = (SELECT used_at FROM sessions WHERE id = session_id)
    WHERE digest = (SELECT used_digest FROM sessions WHERE id = session_id);
  ALTER TABLE sessions DROP COLUMN used_digest;
  ALTER TABLE sessions DROP COLUMN used_at;
  `,
  `
  -- Why a message failed, for people to read.
  ALTER TABLE messages ADD COLUMN error TEXT;

  -- What a conversation's agent was given when its connection broke: seq is the first event that it had not dealt with,
  -- attempts how often that one was under way at an end, and up to until_seq others were under way with it.
  CREATE TABLE delivery_attempts (
    conversation_id TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    agent_id TEXT NOT NULL REFERENCES identities,
    seq INTEGER NOT NULL,
    until_seq INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, agent_id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Of the last message, or of the creation: listings are ordered by it. What changes an old message moves nothing up.
  ALTER TABLE conversations ADD COLUMN message_pos INTEGER NOT NULL DEFAULT 0;
  UPDATE conversations SET message_pos = coalesce(
    (SELECT e.pos FROM messages x JOIN events e ON e.conversation_id = x.conversation_id AND e.seq = x.seq
     WHERE x.id = last_message_id),
    (SELECT e.pos FROM events e WHERE e.conversation_id = conversations.id AND e.seq = 1),
    last_pos);
  -- Of its last change that the members of its conversations see.
  ALTER TABLE identities ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- When a session was begun or refreshed: at the cap the one that is unused for longest makes room.
  ALTER TABLE sessions ADD COLUMN last_used_at TEXT NOT NULL DEFAULT '';
  UPDATE sessions SET last_used_at = coalesce(
    (SELECT max(used_at) FROM rotated_digests WHERE session_id = sessions.id), created_at);
  `,
  `
  -- What identities, and the addresses from which people registered, have stored. day_bytes is a level that runs out
  -- within a day, as it was at day_at, ms since the epoch.
  CREATE TABLE storage_use (
    key TEXT PRIMARY KEY,
    address TEXT,
    bytes INTEGER NOT NULL,
    day_bytes INTEGER NOT NULL,
    day_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
    SELECT id, NULL, sum(bytes), 0, 0 FROM (
      SELECT sender_id AS id, ifnull(length(CAST(content AS BLOB)), 0) + ifnull(length(CAST(metadata AS BLOB)), 0) AS bytes
      FROM messages
      UNION ALL
      SELECT actor_id, 512 FROM events
      WHERE type IN ('conversation.created', 'conversation.updated', 'message.created', 'message.edited', 'reaction.set')
    ) GROUP BY id;
  `,
  `
  -- Refusals of one address and action within a minute that the entry stands for.
  ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
  -- The store's revision at the registration: clocks go back, and who registered last must not count as the oldest.
  ALTER TABLE push_tokens ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- What a member's listing is ordered by: of the last message, or of the creation. Null: not listed, because the member
  -- left or the conversation is deleted.
  ALTER TABLE members ADD COLUMN message_pos INTEGER;
  -- 1 while events of the conversation are on their way to the member: delivered_seq is below the last that is for it.
  ALTER TABLE members ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
  -- Conversations with messages that the identity is in.
  ALTER TABLE identities ADD COLUMN talks INTEGER NOT NULL DEFAULT 0;
  UPDATE members SET
    message_pos = iif(m.left_seq IS NULL AND c.deleted_at IS NULL, c.message_pos, NULL),
    pending = m.delivered_seq < min(coalesce(m.left_seq, c.last_seq), c.last_seq),
    rev = iif(c.deleted_at IS NULL, m.rev, max(m.rev, c.rev))
  FROM members m JOIN conversations c ON c.id = m.conversation_id
  WHERE members.conversation_id = m.conversation_id AND members.identity_id = m.identity_id;
  UPDATE identities SET talks = t.n FROM (
    SELECT m.identity_id, count(*) AS n FROM members m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.left_seq IS NULL AND c.last_message_id IS NOT NULL GROUP BY m.identity_id) t
  WHERE t.identity_id = id;
  ALTER TABLE conversations DROP COLUMN message_pos;
  CREATE INDEX members_by_activity ON members (identity_id, message_pos) WHERE message_pos IS NOT NULL;
  CREATE INDEX members_gone ON members (identity_id, rev) WHERE message_pos IS NULL;
  CREATE INDEX members_pending ON members (identity_id, conversation_id) WHERE pending = 1;
  `,
  `
  -- The conversation whose push finds out whether the device can be reached, while it cannot; the others wait.
  ALTER TABLE push_tokens ADD COLUMN probe TEXT;
  -- 0: nothing waits here. Grows when something begins to: who has queued what waits knows whether that was all.
  ALTER TABLE push_tokens ADD COLUMN backlog INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX push_waiting ON push_tokens (user_id, device_id) WHERE backlog > 0;
  CREATE INDEX push_released ON push_tokens (user_id, device_id) WHERE backlog > 0 AND probe IS NULL;
  `,
  `
  -- Who may talk to an agent: everyone, or who is on its list.
  ALTER TABLE agents ADD COLUMN access TEXT NOT NULL DEFAULT 'everyone';
  CREATE TABLE agent_people (
    agent_id TEXT NOT NULL REFERENCES agents,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at TEXT NOT NULL,
    PRIMARY KEY (agent_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX agent_people_by_user ON agent_people (user_id, agent_id);
  -- What a person's list of agents is read from, with the index above: many that are not for it cost it nothing.
  CREATE INDEX agents_for_everyone ON agents (id) WHERE access = 'everyone' AND deleted_at IS NULL;
  `,
  `
  -- The message that the device shows, and its updated_seq when it was told; 0: none.
  ALTER TABLE push_marks ADD COLUMN shown_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE push_marks ADD COLUMN shown_rev INTEGER NOT NULL DEFAULT 0;
  -- What is shown was read, edited or deleted: 1: nobody is at it, 2: a job is.
  ALTER TABLE push_marks ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX push_marks_stale ON push_marks (user_id, device_id, conversation_id) WHERE stale = 1;
  CREATE INDEX push_marks_shown ON push_marks (conversation_id, user_id) WHERE shown_seq > 0;
  `,
  `
  -- Up to where a person may have seen what was delivered: a client that has no eyes before it delivers without it.
  ALTER TABLE members ADD COLUMN seen_seq INTEGER NOT NULL DEFAULT 0;
  UPDATE members SET seen_seq = delivered_seq;
  `,
  `
  -- Whether an address is still somebody's: an erased person's is kept no longer.
  CREATE INDEX storage_use_by_address ON storage_use (address) WHERE address IS NOT NULL;
  `,
  `
  -- What a message offers to choose from, until when, and what was chosen, with the seq of its event.
  ALTER TABLE messages ADD COLUMN actions TEXT;
  ALTER TABLE messages ADD COLUMN actions_expire_at TEXT;
  ALTER TABLE messages ADD COLUMN choice TEXT;
  `,
];
