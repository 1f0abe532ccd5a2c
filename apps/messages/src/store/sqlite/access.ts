import { AppError } from '@agent-messenger/service-kit';
import type { Sqlite } from './sqlite';

/** A member, present or former, and what its conversation and its identity say about it. */
export interface Membership {
  conversation_id: string;
  identity_id: string;
  epoch: number;
  joined_seq: number;
  left_seq: number | null;
  left_at: string | null;
  delivered_seq: number;
  read_seq: number;
  muted: number;
  /** The conversation's. */
  last_seq: number;
  deleted_at: string | null;
}

/** How long after leaving, or after the deletion, what was not yet delivered can still be read. */
const FORMER_MS = 30 * 24 * 3_600_000;

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
  /** Who left, or lost the conversation, before this time (RFC 3339) can read nothing of it any more. */
  formerSince(): string;
}

export function createAccess({ db, now }: Sqlite): Access {
  // An erased person has its id for a name. Its conversations end in steps: until then it is a member of them in the
  // tables, and its last token may not have run out. Told from a row that is read anyway: every send comes through here.
  const select = db.prepare<[string, string], Membership>(
    `SELECT m.conversation_id, m.identity_id, m.joined_seq, m.left_seq, m.left_at, m.delivered_seq, m.read_seq,
       m.muted, c.last_seq, c.deleted_at, i.epoch
     FROM members m
     JOIN conversations c ON c.id = m.conversation_id
     JOIN identities i ON i.id = m.identity_id
     WHERE m.conversation_id = ? AND m.identity_id = ? AND (i.kind <> 'user' OR i.name <> i.id)`,
  );
  const isPresent = (member: Membership) => member.left_seq === null && member.deleted_at === null;

  function find(conversationId: string, identityId: string): Membership | undefined {
    const member = select.get(conversationId, identityId);
    return member && isPresent(member) ? member : undefined;
  }

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
      if (!member) throw noSuchConversation();
      if (isPresent(member)) return member;
      const endedAt = member.left_at ?? member.deleted_at ?? '';
      const hasNothing =
        member.deleted_at === null
          ? member.delivered_seq >= lastSeqFor(member)
          : member.left_seq !== null;
      if (hasNothing || endedAt < formerSince()) throw noSuchConversation();
      return member;
    },
    formerSince,
  };
}

/** The first event that is for a member, and still there: of a deleted conversation only the last one is. */
export function firstSeqFor(member: Membership): number {
  return member.deleted_at === null ? member.joined_seq : member.last_seq;
}

/** The last event that is for a member. */
export function lastSeqFor(member: Membership): number {
  return Math.min(member.left_seq ?? member.last_seq, member.last_seq);
}

/** Refuses a connection that a newer one has replaced; null is a REST call, which is not fenced. */
export function fence(member: Membership, epoch: number | null): void {
  if (epoch !== null && epoch < member.epoch) {
    throw new AppError('replaced', 'A newer connection of this identity has taken over.');
  }
}

/** One message for every reason: an outsider must not learn which it was. */
export function noSuchConversation(): AppError {
  return new AppError('not_found', 'No such conversation.');
}
