import { kindOf } from '@agent-messenger/contracts';
import {
  FORMER_MS,
  isPresent,
  mayRead,
  noSuchConversation,
  type Reach,
  type Standing,
} from '../../access-rules';
import { packConversationId } from '../driver/ids';
import type { Tx } from '../driver/transactions';
import type { Postgres } from '../postgres';

/** A member, present or former, and what its conversation and its identity say about it. */
export interface Membership extends Standing {
  conversation_id: string;
  identity_id: string;
  /** The conversation's UUID and the identity's number. */
  conversation: string;
  identity: number;
  seen_seq: number;
  unseen_due_seq: number;
  read_seq: number;
  muted: boolean;
}

/** SQL: whether the agent `a` is for this person, by the list of the agent unless it is there for everyone. */
export function isFor(person: string): string {
  return `(a.access = 'everyone' OR EXISTS (
    SELECT 1 FROM agent_people p WHERE p.agent_id = a.id AND p.user_id = ${person}))`;
}

/** The one place that decides who may touch a conversation. */
export interface Access {
  /** As `present`, for those who take no for an answer. */
  find(tx: Tx, conversationId: string, identityId: string): Promise<Membership | undefined>;
  /** Throws `not_found` for everyone but present members of a conversation that is not deleted. */
  present(tx: Tx, conversationId: string, identityId: string): Promise<Membership>;
  /** As `present`, for who is going to write: nobody else writes to the conversation until the transaction ends. */
  locked(tx: Tx, conversationId: string, identityId: string): Promise<Membership>;
  /** As `present`, but lets former members finish. */
  reader(tx: Tx, conversationId: string, identityId: string): Promise<Membership>;
  /** What becomes of something new that a member would put before the agents of its conversation. */
  reach(tx: Tx, member: Pick<Membership, 'conversation' | 'identity_id'>): Promise<Reach>;
  /** Who left, or lost the conversation, before this time (RFC 3339) can read nothing of it any more. */
  formerSince(): string;
}

// The conversations of an erased person end in steps: until then it is a member of them in the tables, and its last
// token may not have run out.
const SELECT = `SELECT i.id AS identity_id, m.conversation, m.identity, m.joined_seq, m.left_seq, m.left_at,
    m.delivered_seq, m.seen_seq, m.unseen_due_seq, m.read_seq, m.muted, c.last_seq, c.deleted_at, i.epoch
  FROM conversations c
  JOIN identities i ON i.id = $2 AND NOT i.erased
  JOIN members m ON m.conversation = c.id AND m.identity = i.n
  WHERE c.id = $1`;
const AGENTS = `SELECT bool_and(a.deleted_at IS NOT NULL) AS deleted, bool_and(${isFor('$2')}) AS open
  FROM members m JOIN agents a ON a.n = m.identity
  WHERE m.conversation = $1 AND m.left_seq IS NULL`;

export function createAccess({ now }: Pick<Postgres, 'now'>): Access {
  async function select(tx: Tx, conversation_id: string, identityId: string) {
    const conversation = packConversationId(conversation_id);
    if (conversation === null) return undefined;
    const row = await tx.get<Omit<Membership, 'conversation_id'>>(SELECT, [
      conversation,
      identityId,
    ]);
    return row && { ...row, conversation_id };
  }
  async function find(tx: Tx, conversationId: string, identityId: string) {
    const member = await select(tx, conversationId, identityId);
    return member && isPresent(member) ? member : undefined;
  }
  async function present(tx: Tx, conversationId: string, identityId: string) {
    const member = await find(tx, conversationId, identityId);
    if (!member) throw noSuchConversation();
    return member;
  }
  function formerSince(): string {
    return new Date(now().getTime() - FORMER_MS).toISOString();
  }

  return {
    find,
    present,
    async locked(tx, conversationId, identityId) {
      await lockConversation(tx, packConversationId(conversationId));
      // After the lock: this statement sees what the last holder has committed.
      return present(tx, conversationId, identityId);
    },
    async reader(tx, conversationId, identityId) {
      const member = await select(tx, conversationId, identityId);
      if (!member || !mayRead(member, formerSince())) throw noSuchConversation();
      return member;
    },
    async reach(tx, { conversation, identity_id }) {
      const found = await tx.get<{ deleted: boolean | null; open: boolean | null }>(AGENTS, [
        conversation,
        identity_id,
      ]);
      return reachOf(identity_id, found);
    },
    formerSince,
  };
}

export function reachOf(
  identityId: string,
  agents: { deleted: boolean | null; open: boolean | null } | undefined,
): Reach {
  if (agents?.deleted === true) return 'deleted';
  return kindOf(identityId) === 'user' && agents?.open === false ? 'closed' : 'open';
}

/** Keeps others from writing to it until the transaction ends. */
export async function lockConversation(tx: Tx, conversation: string | null): Promise<void> {
  await tx.run('SELECT 1 FROM conversations WHERE id = $1 FOR NO KEY UPDATE', [conversation]);
}
