import { AppError } from '@agent-messenger/service-kit';

/** How long after leaving, or after the deletion, what was not yet delivered can still be read. */
export const FORMER_MS = 30 * 24 * 3_600_000;

/** `deleted`: no agent is there any more. `closed`: an agent is not for this person, or not any more. */
export type Reach = 'open' | 'closed' | 'deleted';

/** What of a member, and of its conversation and identity, decides what it may read and write. */
export interface Standing {
  epoch: number;
  joined_seq: number;
  left_seq: number | null;
  left_at: string | null;
  delivered_seq: number;
  /** The conversation's. */
  last_seq: number;
  deleted_at: string | null;
}

export function isPresent({ left_seq, deleted_at }: Standing): boolean {
  return left_seq === null && deleted_at === null;
}

/**
 * Whether a member may read: a former one up to `left_seq`, until delivered, for 30 days. Of a deleted conversation the
 * last event remains for 30 days, for those who were members to the end.
 * @param formerSince RFC 3339: who left, or lost the conversation, before it can read nothing of it any more
 */
export function mayRead(member: Standing, formerSince: string): boolean {
  if (isPresent(member)) return true;
  const endedAt = member.left_at ?? member.deleted_at ?? '';
  const hasNothing =
    member.deleted_at === null
      ? member.delivered_seq >= lastSeqFor(member)
      : member.left_seq !== null;
  return !hasNothing && endedAt >= formerSince;
}

/** The first event that is for a member, and still there: of a deleted conversation only the last one is. */
export function firstSeqFor(member: Standing): number {
  return member.deleted_at === null ? member.joined_seq : member.last_seq;
}

/** The last event that is for a member. */
export function lastSeqFor(member: Standing): number {
  return Math.min(member.left_seq ?? member.last_seq, member.last_seq);
}

/** Refuses a connection that a newer one has replaced; null is a REST call, which is not fenced. */
export function fence(member: Standing, epoch: number | null): void {
  if (epoch !== null && epoch < member.epoch) {
    throw new AppError('replaced', 'A newer connection of this identity has taken over.');
  }
}

export function notListed(): AppError {
  return new AppError('forbidden', 'The agent of this conversation is not open to you.');
}

export function agentDeleted(): AppError {
  return new AppError('conflict', 'The agent of this conversation was deleted.');
}

/** One message for every reason: an outsider must not learn which it was. */
export function noSuchConversation(): AppError {
  return new AppError('not_found', 'No such conversation.');
}
