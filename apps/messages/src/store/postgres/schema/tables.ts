const TEXT = 'text COLLATE "C"';

/**
 * The schema of version 1. Conversations and messages are known by the UUIDs of their public ids, identities by
 * numbers, which stay inside. What belongs to a conversation has it in every unique key, so that it can be distributed
 * by conversation; `sends` is apart for that reason, by sender: it alone keeps a retry from being stored twice.
 *
 * Texts are sorted by code unit, whatever the database's locale, and U+0000 is escaped in them (driver/text-codec.ts);
 * what is JSON is text too. Times are RFC 3339 texts in UTC with milliseconds, in the log milliseconds since the epoch.
 * `rev` is the id of the transaction of the last change that a listing reports. A member is present while left_seq is
 * null; left_seq is the last event that is for it.
 *
 * Whoever writes to a conversation locks its row first; that covers its members and its log. What is sent from takes no
 * foreign keys: they would lock rows in no order.
 */
export const TABLES = `
  -- What nothing can count by: order of listings, not of the log. Both rise with every commit to one conversation.
  CREATE SEQUENCE activity;
  CREATE SEQUENCE outbox_ids;

  CREATE TABLE identities (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id ${TEXT} NOT NULL UNIQUE,
    kind ${TEXT} NOT NULL CHECK (kind IN ('user', 'agent')),
    name ${TEXT} NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    last_connected_at ${TEXT},
    created_at ${TEXT} NOT NULL,
    -- Of its last change that the members of its conversations see.
    rev bigint NOT NULL DEFAULT 0,
    -- A person whose account is gone.
    erased boolean NOT NULL DEFAULT false
  );
  CREATE UNIQUE INDEX identities_username ON identities (name) WHERE kind = 'user';

  CREATE TABLE users (
    id ${TEXT} PRIMARY KEY REFERENCES identities (id),
    password_hash ${TEXT} NOT NULL,
    disabled_at ${TEXT}
  );
  CREATE TABLE sessions (
    id ${TEXT} PRIMARY KEY,
    user_id ${TEXT} NOT NULL REFERENCES users,
    refresh_digest ${TEXT} NOT NULL UNIQUE,
    created_at ${TEXT} NOT NULL,
    expires_at ${TEXT} NOT NULL,
    revoked_at ${TEXT},
    -- Refresh tokens of a session are a tree: one that is shown again while its answer may have been lost has several
    -- successors, and each of them may be used.
    refresh_parent ${TEXT},
    -- When it was begun, refreshed or connected: at the cap the one that is unused for longest makes room.
    last_used_at ${TEXT} NOT NULL
  );
  CREATE INDEX sessions_by_user ON sessions (user_id);
  -- Refresh tokens that were swapped for another: who shows one again holds a copy.
  CREATE TABLE rotated_digests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest ${TEXT} NOT NULL UNIQUE,
    session_id ${TEXT} NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- False: never used; a repetition handed out another one beside it, and whichever is used first counts.
    spent boolean NOT NULL DEFAULT true,
    parent ${TEXT},
    used_at ${TEXT}
  );
  CREATE INDEX rotated_digests_by_session ON rotated_digests (session_id);

  CREATE TABLE agents (
    n bigint PRIMARY KEY REFERENCES identities,
    id ${TEXT} NOT NULL UNIQUE,
    description ${TEXT},
    model ${TEXT},
    -- The row remains: conversations go on showing the agent's name.
    deleted_at ${TEXT},
    -- Who may talk to it: everyone, or who is on its list.
    access ${TEXT} NOT NULL DEFAULT 'everyone'
  );
  -- What a person's list of agents is read from: many that are not for it cost it nothing.
  CREATE INDEX agents_for_everyone ON agents (id) WHERE access = 'everyone' AND deleted_at IS NULL;
  CREATE TABLE agent_people (
    agent_id ${TEXT} NOT NULL REFERENCES agents (id),
    user_id ${TEXT} NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at ${TEXT} NOT NULL,
    PRIMARY KEY (agent_id, user_id)
  );
  CREATE INDEX agent_people_by_user ON agent_people (user_id, agent_id);
  CREATE TABLE agent_keys (
    key_id ${TEXT} PRIMARY KEY,
    agent_id ${TEXT} NOT NULL REFERENCES agents (id),
    key_hash ${TEXT} NOT NULL,
    created_at ${TEXT} NOT NULL,
    revoked_at ${TEXT},
    name ${TEXT} NOT NULL DEFAULT 'key',
    expires_at ${TEXT},
    last_used_at ${TEXT}
  );
  CREATE INDEX agent_keys_by_agent ON agent_keys (agent_id);

  CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    created_by bigint NOT NULL,
    last_seq bigint NOT NULL,
    -- Seq of the last message; null: there is none, or the conversation is deleted.
    last_message bigint,
    rev bigint NOT NULL,
    title ${TEXT},
    created_at ${TEXT} NOT NULL,
    client_id ${TEXT},
    digest bytea NOT NULL,
    deleted_at ${TEXT},
    -- Nothing is left of a deleted conversation but its last event.
    emptied boolean NOT NULL DEFAULT false
  ) WITH (fillfactor = 80);
  CREATE UNIQUE INDEX conversations_by_client ON conversations (created_by, client_id) WHERE client_id IS NOT NULL;
  CREATE INDEX conversations_deleted ON conversations (emptied, deleted_at) WHERE deleted_at IS NOT NULL;
  -- Counts a person's conversations.
  CREATE INDEX conversations_by_creator ON conversations (created_by) WHERE deleted_at IS NULL;

  CREATE TABLE members (
    conversation uuid NOT NULL,
    identity bigint NOT NULL,
    joined_seq bigint NOT NULL,
    left_seq bigint,
    delivered_seq bigint NOT NULL DEFAULT 0,
    -- Up to where a person may have seen what was delivered: a client that has no eyes before it delivers without it.
    seen_seq bigint NOT NULL DEFAULT 0,
    -- Up to where a push is due of what was delivered and not seen.
    unseen_due_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    rev bigint NOT NULL,
    -- What a member's listing is ordered by: of the last message, or of the creation. Null: not listed, because the
    -- member left or the conversation is deleted.
    activity bigint,
    -- Events of the conversation are on their way to the member: delivered_seq is below the last that is for it.
    pending boolean NOT NULL DEFAULT false,
    -- There are messages in it, and the member is.
    talks boolean NOT NULL DEFAULT false,
    muted boolean NOT NULL DEFAULT false,
    archived boolean NOT NULL DEFAULT false,
    left_at ${TEXT},
    tags ${TEXT} NOT NULL DEFAULT '[]',
    PRIMARY KEY (conversation, identity)
  ) WITH (fillfactor = 80);
  CREATE INDEX members_by_identity ON members (identity, conversation);
  CREATE INDEX members_by_activity ON members (identity, activity) WHERE activity IS NOT NULL;
  CREATE INDEX members_gone ON members (identity, rev) WHERE activity IS NULL;
  CREATE INDEX members_pending ON members (identity, conversation) WHERE pending;
  CREATE INDEX members_talks ON members (identity) WHERE talks;

  -- about: seq of the message that an edit, deletion, reaction or choice is of. From id on: of a message. updated_seq and
  -- reactions are null as long as they are seq and none. counts: who sent it, unless it is deleted.
  CREATE TABLE log (
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    actor bigint NOT NULL,
    at bigint NOT NULL,
    about bigint,
    counts bigint,
    updated_seq bigint,
    edited_at bigint,
    deleted_at bigint,
    id uuid,
    reply_to uuid,
    type smallint NOT NULL,
    data ${TEXT},
    client_id ${TEXT},
    content ${TEXT},
    metadata ${TEXT},
    state ${TEXT},
    error ${TEXT},
    -- What it offers to choose from, until when, and what was chosen, with the seq of its event.
    actions ${TEXT},
    actions_expire_at ${TEXT},
    choice ${TEXT},
    reactions ${TEXT},
    PRIMARY KEY (conversation, seq) INCLUDE (counts)
  );
  CREATE UNIQUE INDEX log_by_message ON log (conversation, id) WHERE id IS NOT NULL;

  -- Which message a client_id became. digest: of the send, as it was first accepted.
  CREATE TABLE sends (
    sender bigint NOT NULL,
    seq bigint NOT NULL,
    conversation uuid NOT NULL,
    client_id ${TEXT} NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT sends_pkey PRIMARY KEY (sender, client_id)
  );
  CREATE INDEX sends_by_message ON sends (conversation, seq);

  -- What a consumer has to deal with of a commit: of each of its conversations the events from first to last. Who has
  -- committed deals with it; from due_at on (the database's clock) anybody may.
  CREATE TABLE outbox (
    consumer ${TEXT} NOT NULL,
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    events bigint NOT NULL,
    conversations uuid[] NOT NULL,
    firsts bigint[] NOT NULL,
    lasts bigint[] NOT NULL,
    PRIMARY KEY (consumer, id)
  );

  -- What a conversation's agent was given when its connection broke: seq is the first event that it had not dealt with,
  -- attempts how often that one was under way at an end, and up to until_seq others were under way with it.
  CREATE TABLE delivery_attempts (
    conversation uuid NOT NULL,
    agent bigint NOT NULL,
    seq bigint NOT NULL,
    until_seq bigint NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (conversation, agent)
  );

  CREATE TABLE push_tokens (
    token ${TEXT} PRIMARY KEY,
    user_id ${TEXT} NOT NULL REFERENCES users,
    device_id ${TEXT} NOT NULL,
    platform ${TEXT} NOT NULL,
    keys ${TEXT},
    quiet_hours ${TEXT},
    registered_at ${TEXT} NOT NULL,
    -- Rises with each registration: clocks go back, and who registered last must not count as the oldest.
    registration bigint NOT NULL DEFAULT nextval('activity'),
    -- The conversation whose push finds out whether the device can be reached, while it cannot; the others wait.
    probe ${TEXT},
    -- 0: nothing waits here. Grows when something begins to: who has queued what waits knows whether that was all.
    backlog bigint NOT NULL DEFAULT 0,
    UNIQUE (user_id, device_id)
  );
  CREATE INDEX push_waiting ON push_tokens (user_id, device_id) WHERE backlog > 0;
  CREATE INDEX push_released ON push_tokens (user_id, device_id) WHERE backlog > 0 AND probe IS NULL;
  -- The last that a device was told about a conversation: a device whose provider is down misses nothing because
  -- another one of the person was told.
  CREATE TABLE push_marks (
    user_id ${TEXT} NOT NULL,
    device_id ${TEXT} NOT NULL,
    conversation uuid NOT NULL,
    seq bigint NOT NULL,
    -- The message that the device shows, and its updated_seq when it was told; 0: none.
    shown_seq bigint NOT NULL DEFAULT 0,
    shown_rev bigint NOT NULL DEFAULT 0,
    -- What is shown was read, edited or deleted: 1: nobody is at it, 2: a job is.
    stale smallint NOT NULL DEFAULT 0,
    at ${TEXT} NOT NULL,
    PRIMARY KEY (user_id, device_id, conversation),
    FOREIGN KEY (user_id, device_id) REFERENCES push_tokens (user_id, device_id) ON DELETE CASCADE
  );
  CREATE INDEX push_marks_by_conversation ON push_marks (conversation);
  CREATE INDEX push_marks_stale ON push_marks (user_id, device_id, conversation) WHERE stale = 1;
  CREATE INDEX push_marks_shown ON push_marks (conversation, user_id) WHERE shown_seq > 0;

  -- identity_id is the identity that the target is or belongs to. Every index ends with the id, so that all listings are
  -- read newest first. count: refusals of one address and action within a minute that the entry stands for.
  CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    count bigint NOT NULL DEFAULT 1,
    at ${TEXT} NOT NULL,
    action ${TEXT} NOT NULL,
    actor_kind ${TEXT} NOT NULL,
    actor_id ${TEXT},
    target ${TEXT},
    identity_id ${TEXT},
    ip ${TEXT},
    result ${TEXT} NOT NULL
  );
  CREATE INDEX audit_by_action ON audit (action, id);
  CREATE INDEX audit_by_actor ON audit (actor_id, id) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_actor_action ON audit (actor_id, action, id) WHERE actor_id IS NOT NULL;
  CREATE INDEX audit_by_identity ON audit (identity_id, id) WHERE identity_id IS NOT NULL;
  CREATE INDEX audit_by_identity_action ON audit (identity_id, action, id) WHERE identity_id IS NOT NULL;

  -- People whose account is gone and whose conversations and traces are still being removed, and how far that is: past
  -- which conversation (the least UUID: none yet; null: all are) and which audit entry.
  CREATE TABLE erasures (
    user_id ${TEXT} PRIMARY KEY REFERENCES identities (id),
    after_conversation uuid,
    after_audit bigint NOT NULL DEFAULT 0
  );

  -- What identities, and the addresses from which people registered, have stored. day_bytes is a level that runs out
  -- within a day, as it was at day_at, ms since the epoch.
  CREATE TABLE storage_use (
    key ${TEXT} PRIMARY KEY,
    address ${TEXT},
    bytes bigint NOT NULL,
    day_bytes bigint NOT NULL,
    day_at bigint NOT NULL
  );
  -- Whether an address is still somebody's: an erased person's is kept no longer.
  CREATE INDEX storage_use_by_address ON storage_use (address) WHERE address IS NOT NULL;

  -- When replicas wrote their last event, ms since the epoch.
  CREATE TABLE last_events (slot bigint PRIMARY KEY, at bigint NOT NULL);

  -- What one replica at a time does: whoever has locked the row.
  CREATE TABLE turns (name ${TEXT} PRIMARY KEY);
  INSERT INTO turns VALUES ('purge');
`;
