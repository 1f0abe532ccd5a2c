import { kindOf } from '@agent-messenger/contracts';
import {
  FORMER_MS,
  isPresent,
  mayRead,
  noSuchConversation,
  type Reach,
  type Standing,
} from '../access-rules';
import type { Sqlite } from './sqlite';

/** A member, present or former, and what its conversation and its identity say about it. */
export interface Membership extends Standing {
  conversation_id: string;
  identity_id: string;
  /** Their numbers. */
  conversation: number;
  identity: number;
  seen_seq: number;
  read_seq: number;
  muted: number;
  /** Of the conversation. */
  is_empty: 0 | 1;
}

/** SQL: whether the agent `a` is for this person, by the list of the agent unless it is there for everyone. */
export function isFor(person: string): string {
  return `(a.access = 'everyone' OR EXISTS (
    SELECT 1 FROM agent_people p WHERE p.agent_id = a.id AND p.user_id = ${person}))`;
}

/** The one place that decides who may touch a conversation. */
export interface Access {
  /** As `present`, for those who take no for an answer. */
  find(conversationId: string, identityId: string): Membership | undefined;
  /** Throws `not_found` for everyone but present members of a conversation that is not deleted. */
  present(conversationId: string, identityId: string): Membership;
  /**
   * As `present`, but lets former members finish: up to `left_seq`, until delivered, for 30 days. Of a deleted
   * conversation the last event remains for 30 days, for those who were members to the end.
   */
  reader(conversationId: string, identityId: string): Membership;
  /** What becomes of something new that a member would put before the agents of its conversation. */
  reach(member: Pick<Membership, 'conversation' | 'identity_id'>): Reach;
  /** That, and who is in the conversation: ids of its present members. */
  audience(member: Pick<Membership, 'conversation' | 'identity_id'>): {
    reach: Reach;
    members: string[];
  };
  /** Who left, or lost the conversation, before this time (RFC 3339) can read nothing of it any more. */
  formerSince(): string;
}

export function createAccess({ db, now }: Sqlite): Access {
  // The conversations of an erased person end in steps: until then it is a member of them in the tables, and its last
  // token may not have run out.
  const select = db.prepare<[string, string], Membership>(
    `SELECT c.id AS conversation_id, i.id AS identity_id, m.conversation, m.identity, m.joined_seq, m.left_seq, m.left_at,
       m.delivered_seq, m.seen_seq, m.read_seq, m.muted, c.last_seq, c.last_message IS NULL AS is_empty, c.deleted_at,
       i.epoch
     FROM conversations c
     CROSS JOIN identities i
     CROSS JOIN members m ON m.conversation = c.n AND m.identity = i.n
     WHERE c.id = ? AND i.id = ? AND i.erased = 0`,
  );
  const present = db.prepare<
    { conversation: number; person: string },
    { deleted: 0 | 1 | null; open: 0 | 1 | null; ids: string | null }
  >(
    `SELECT min(iif(a.n IS NULL, NULL, a.deleted_at IS NOT NULL)) AS deleted,
       min(iif(a.n IS NULL, NULL, ${isFor('@person')})) AS open, group_concat(i.id, ' ') AS ids
     FROM members m JOIN identities i ON i.n = m.identity LEFT JOIN agents a ON a.n = m.identity
     WHERE m.conversation = @conversation AND m.left_seq IS NULL`,
  );

  function find(conversationId: string, identityId: string): Membership | undefined {
    const member = select.get(conversationId, identityId);
    return member && isPresent(member) ? member : undefined;
  }

  const audience: Access['audience'] = ({ conversation, identity_id: person }) => {
    const found = present.get({ conversation, person });
    const isClosed = kindOf(person) === 'user' && found?.open === 0;
    const reach = found?.deleted === 1 ? 'deleted' : isClosed ? 'closed' : 'open';
    return { reach, members: found?.ids?.split(' ') ?? [] };
  };

  function formerSince(): string {
    return new Date(now().getTime() - FORMER_MS).toISOString();
  }

  return {
    find,
    present(conversationId, identityId) {
      const member = find(conversationId, identityId);
      if (!member) throw noSuchConversation();
      return member;
    },
    reader(conversationId, identityId) {
      const member = select.get(conversationId, identityId);
      if (!member || !mayRead(member, formerSince())) throw noSuchConversation();
      return member;
    },
    reach: (member) => audience(member).reach,
    audience,
    formerSince,
  };
}
