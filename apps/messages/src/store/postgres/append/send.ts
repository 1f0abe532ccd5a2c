import { kindOf, type Sent } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { KeyObject } from 'node:crypto';
import { agentDeleted, fence, notListed } from '../../access-rules';
import { bytesOfRow, newMessageRow, toMessage } from '../../message-rows';
import { digestOf, shortDigest } from '../../send-digest';
import { requested, type NewMessage } from '../../send-request';
import type { Batch } from './batch';

/** Commits a message, or says that it was before. Throws AppErrors before it changes the batch. */
export function send(batch: Batch, operation: NewMessage, digestKey: KeyObject): Sent {
  const { identity_id, conversation_id, client_id, reply_to } = operation;
  const party = batch.present(conversation_id, identity_id);
  const { of, member } = party;
  const digest = shortDigest(digestOf(digestKey, requested(operation)));
  // Before the fence: that a message was accepted stays true, whichever connection asks again.
  const first = batch.sent(member.identity, client_id);
  if (first?.digest.equals(digest)) {
    return { message: toMessage(first.message.row), duplicate: true };
  }
  if (first) {
    throw new AppError('conflict', 'This client_id was used for another message.', {
      messageId: first.message.row.id,
    });
  }
  fence(party, operation.epoch);
  checkWhose(operation);
  const reach = of.reach(identity_id);
  // What people have seen of an answer stays, whatever has become of its agent.
  if (reach === 'deleted' && operation.state !== 'interrupted') throw agentDeleted();
  if (reach === 'closed') throw notListed();
  if (reply_to !== undefined && !batch.isIn(of.conversation, reply_to)) {
    throw new AppError('invalid_payload', 'reply_to is not a message of this conversation.');
  }
  const row = newMessageRow(operation, { seq: of.last_seq + 1, at: batch.parts.at });
  batch.parts.ledger.charge(identity_id, bytesOfRow(row));
  const message = batch.message(of.conversation, row);
  const { own: isGiven = false } = operation;
  batch.addEvent(party, { type: 'message.created', message, isMessage: true, isGiven });
  const sender = member.identity;
  batch.addSend({ sender, client_id, digest, message, isNew: true, isChanged: false });
  return { message: toMessage(row), duplicate: false };
}

function checkWhose({ identity_id, state, actions }: NewMessage): void {
  if (kindOf(identity_id) === 'agent') return;
  if (state !== undefined) {
    throw new AppError('forbidden', 'Only an agent says that its message failed.');
  }
  if (actions !== undefined) {
    throw new AppError('forbidden', 'Only an agent offers actions to choose from.');
  }
}
