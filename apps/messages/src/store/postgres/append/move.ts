import { kindOf, type Operation, type PositionMoved } from '@agent-messenger/contracts';
import { fence, lastSeqFor, mayRead, noSuchConversation } from '../../access-rules';
import type { Batch, Party } from './batch';

type Move = Extract<Operation, { op: 'received' | 'read' }>;

/** Raises what a member has received or read. Throws AppErrors before it changes the batch. */
export function move(batch: Batch, operation: Move): PositionMoved {
  const { op, epoch } = operation;
  const party = partyOf(batch, operation);
  fence(party, epoch);
  if (operation.log_id !== undefined && operation.log_id !== batch.parts.logId) return { tell: [] };
  const { of, member } = party;
  const last = lastSeqFor(party);
  const seq = Math.min(operation.seq, last);
  if (op === 'received') {
    const seen = Math.min(operation.seen_seq ?? seq, seq);
    if (seen > member.seen_seq) {
      member.seen_seq = seen;
      member.isChanged = true;
    }
  }
  if (seq <= (op === 'read' ? member.read_seq : member.delivered_seq)) return { tell: [] };
  member.isChanged = true;
  member.isStamped = true;
  // The others see it in their listings.
  of.isStamped = true;
  const { conversation } = of;
  const { identity: agent, identity_id } = member;
  if (op === 'read') {
    member.read_seq = seq;
    batch.read.push({ conversation, user_id: identity_id, seq });
  } else {
    member.delivered_seq = seq;
    // It was before, when something is left.
    if (seq === last) member.pending = false;
    if (kindOf(identity_id) === 'agent') batch.settled.push({ conversation, agent, seq });
  }
  const { delivered_seq, read_seq } = member;
  return {
    receipt: { conversation_id: of.conversation_id, identity_id, delivered_seq, read_seq },
    tell: of.members
      .filter((other) => other !== member && other.left_seq === null)
      .map((other) => other.identity_id),
  };
}

/** What was delivered former members may still say. */
function partyOf(batch: Batch, { op, conversation_id, identity_id }: Move): Party {
  if (op === 'read') return batch.present(conversation_id, identity_id);
  const party = batch.find(conversation_id, identity_id);
  if (!party || !mayRead(party, batch.parts.formerSince)) throw noSuchConversation();
  return party;
}
