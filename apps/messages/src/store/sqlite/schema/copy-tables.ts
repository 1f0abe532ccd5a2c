/**
 * All but the log, from the schema of version 17, attached as `wide`, into the compact one. Identities and
 * conversations are numbered in the order of their ids, by which listings went on.
 */
export const COPY_TABLES = `
  INSERT INTO identities (id, kind, name, epoch, last_connected_at, created_at, rev, talks, erased)
    SELECT id, kind, name, epoch, last_connected_at, created_at, rev, talks, kind = 'user' AND name = id
    FROM wide.identities ORDER BY id;
  INSERT INTO users (id, password_hash, disabled_at) SELECT id, password_hash, disabled_at FROM wide.users;
  INSERT INTO sessions (id, user_id, refresh_digest, created_at, expires_at, revoked_at, refresh_parent, last_used_at)
    SELECT id, user_id, refresh_digest, created_at, expires_at, revoked_at, refresh_parent, last_used_at
    FROM wide.sessions;
  INSERT INTO rotated_digests (id, digest, session_id, spent, parent, used_at)
    SELECT id, digest, session_id, spent, parent, used_at FROM wide.rotated_digests;
  INSERT INTO agents (n, id, description, model, deleted_at, access)
    SELECT i.n, a.id, a.description, a.model, a.deleted_at, a.access
    FROM wide.agents a JOIN identities i ON i.id = a.id;
  INSERT INTO agent_people (agent_id, user_id, added_at) SELECT agent_id, user_id, added_at FROM wide.agent_people;
  INSERT INTO agent_keys (key_id, agent_id, key_hash, created_at, revoked_at, name, expires_at, last_used_at)
    SELECT key_id, agent_id, key_hash, created_at, revoked_at, name, expires_at, last_used_at FROM wide.agent_keys;
  INSERT INTO conversations (id, title, created_at, created_by, client_id, digest, last_seq, last_message, deleted_at, rev,
      emptied)
    SELECT c.id, c.title, c.created_at, i.n, c.client_id, c.digest, c.last_seq, x.seq, c.deleted_at, c.rev, c.emptied
    FROM wide.conversations c JOIN identities i ON i.id = c.created_by
      LEFT JOIN wide.messages x ON x.id = c.last_message_id
    ORDER BY c.id;
  INSERT INTO members (conversation, identity, joined_seq, left_seq, left_at, delivered_seq, seen_seq, read_seq, muted,
      archived, tags, rev, message_pos, pending)
    SELECT c.n, i.n, m.joined_seq, m.left_seq, m.left_at, m.delivered_seq, m.seen_seq, m.read_seq, m.muted, m.archived,
      m.tags, m.rev, m.message_pos, m.pending
    FROM wide.members m JOIN conversations c ON c.id = m.conversation_id JOIN identities i ON i.id = m.identity_id;
  INSERT INTO delivery_attempts (conversation, agent, seq, until_seq, attempts)
    SELECT c.n, i.n, d.seq, d.until_seq, d.attempts
    FROM wide.delivery_attempts d JOIN conversations c ON c.id = d.conversation_id JOIN identities i ON i.id = d.agent_id;
  INSERT INTO push_tokens (rowid, token, user_id, device_id, platform, keys, quiet_hours, registered_at, rev, probe,
      backlog)
    SELECT rowid, token, user_id, device_id, platform, keys, quiet_hours, registered_at, rev, probe, backlog
    FROM wide.push_tokens;
  INSERT INTO push_marks (user_id, device_id, conversation, seq, at, shown_seq, shown_rev, stale)
    SELECT k.user_id, k.device_id, c.n, k.seq, k.at, k.shown_seq, k.shown_rev, k.stale
    FROM wide.push_marks k JOIN conversations c ON c.id = k.conversation_id;
  INSERT INTO audit (id, at, action, actor_kind, actor_id, target, identity_id, ip, result, count)
    SELECT id, at, action, actor_kind, actor_id, target, identity_id, ip, result, count FROM wide.audit;
  INSERT INTO erasures (user_id, after_conversation, after_audit)
    SELECT e.user_id, iif(e.after_conversation IS NULL, NULL,
      (SELECT ifnull(max(n), 0) FROM conversations WHERE id <= e.after_conversation)), e.after_audit
    FROM wide.erasures e;
  INSERT INTO storage_use (key, address, bytes, day_bytes, day_at)
    SELECT key, address, bytes, day_bytes, day_at FROM wide.storage_use;
`;

/** Tables of which every row is copied, and which are called the same. */
export const COPIED = [
  'identities',
  'users',
  'sessions',
  'rotated_digests',
  'agents',
  'agent_people',
  'agent_keys',
  'conversations',
  'members',
  'delivery_attempts',
  'push_tokens',
  'push_marks',
  'audit',
  'erasures',
  'storage_use',
] as const;

/** Numbers that were given out stay given out, also when their rows are gone. */
export const COPY_SEQUENCES = `
  DELETE FROM sqlite_sequence WHERE name IN ('log', 'audit');
  INSERT INTO sqlite_sequence (name, seq)
    SELECT iif(name = 'events', 'log', name), seq FROM wide.sqlite_sequence WHERE name IN ('events', 'audit');
`;

/** A part of the log, after one position up to another; the functions are those of packed.ts. */
export const COPY_LOG = `
  INSERT INTO log (pos, conversation, seq, type, actor, at, about, data, id, client_id, digest, content, updated_seq,
      metadata, reply_to, edited_at, deleted_at, state, error, actions, actions_expire_at, choice, reactions, counts)
    SELECT e.pos, c.n, e.seq, pack_type(e.type), a.n, pack_time(e.at), o.seq, e.data, pack_message_id(x.id),
      pack_uuid(x.client_id), substr(x.digest, 1, 16), x.content, nullif(x.updated_seq, x.seq), x.metadata,
      pack_message_id(x.reply_to), pack_time(x.edited_at), pack_time(x.deleted_at), x.state, x.error, x.actions,
      x.actions_expire_at, x.choice, nullif(x.reactions, '[]'), iif(x.id IS NOT NULL AND x.deleted_at IS NULL, a.n, NULL)
    FROM wide.events e
      CROSS JOIN conversations c ON c.id = e.conversation_id
      CROSS JOIN identities a ON a.id = e.actor_id
      LEFT JOIN wide.messages x ON x.id = e.message_id AND e.type = 'message.created'
      LEFT JOIN wide.messages o ON o.id = e.message_id AND e.type <> 'message.created'
    WHERE e.pos > @from AND e.pos <= @to ORDER BY e.pos
`;

/** What a part of the log holds, to compare: events, their places, messages, and bytes of texts. */
export const WIDE_SUMS = `
  SELECT count(*) AS events, total(e.seq) AS seqs, count(x.id) AS messages, total(length(x.content)) AS texts
  FROM wide.events e LEFT JOIN wide.messages x ON x.id = e.message_id AND e.type = 'message.created'
  WHERE e.pos > @from AND e.pos <= @to
`;
export const COMPACT_SUMS = `
  SELECT count(*) AS events, total(seq) AS seqs, count(id) AS messages, total(length(content)) AS texts
  FROM log WHERE pos > @from AND pos <= @to
`;
