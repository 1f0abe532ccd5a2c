import type { Sent } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import type { KeyObject } from 'node:crypto';
import { bytesOf, EVENT_BYTES } from '../../../storage/storage';
import { fence } from '../../access-rules';
import { toMessage, type MessageRow } from '../../message-rows';
import { digestOf, shortDigest } from '../../send-digest';
import { requested, type NewMessage } from '../../send-request';
import {
  nothingKnown,
  outcomeOf,
  STREAM_STATES,
  usedElsewhere,
  type Finish,
} from '../../stream-outcomes';
import type { Batch, BatchSend, Party } from './batch';
import { send } from './send';

/**
 * What becomes of a stream: exactly one message, under the stream's id as `client_id`. The first outcome makes it.
 * `end` and `fail` are final; what was interrupted they still replace. Throws AppErrors before it changes the batch.
 */
export function finish(batch: Batch, operation: Finish, digestKey: KeyObject): Sent {
  const { identity_id, conversation_id, stream_id, outcome, content } = operation;
  const party = batch.present(conversation_id, identity_id);
  const sent = batch.sent(party.member.identity, stream_id);
  if (!sent) {
    if (outcome === 'end' && content === undefined) throw nothingKnown();
    if (outcome === 'end' && content === '') {
      throw new AppError('invalid_payload', 'A stream without text cannot become a message.');
    }
    return send(batch, outcomeOf(operation, content ?? '', operation.reply_to), digestKey);
  }
  const { row } = sent.message;
  if (row.conversation_id !== conversation_id) throw usedElsewhere(row);
  const isOpen = row.state === 'interrupted' && outcome !== 'interrupt';
  if (isOpen && outcome === 'end' && content === undefined) throw nothingKnown();
  const digest = (message: NewMessage) => shortDigest(digestOf(digestKey, requested(message)));
  // Without text there is nothing to put in its place.
  if (isOpen && (outcome === 'fail' || content)) {
    const message = outcomeOf(operation, content ?? row.content ?? '', row.reply_to);
    return replace(batch, operation, { party, sent, message, digest: digest(message) });
  }
  if (isOpen || repeats(operation, sent, digest)) {
    return { message: toMessage(row), duplicate: true };
  }
  throw new AppError('conflict', 'This stream has ended otherwise.', { messageId: row.id });
}

/** What was interrupted becomes what its agent says now. */
function replace(
  batch: Batch,
  { identity_id, epoch, outcome, error }: Finish,
  {
    party,
    sent,
    message,
    digest,
  }: { party: Party; sent: BatchSend; message: NewMessage; digest: Buffer },
): Sent {
  fence(party, epoch);
  const { row } = sent.message;
  const { content, metadata } = message;
  const json = metadata === undefined ? null : JSON.stringify(metadata);
  const actions = message.actions === undefined ? null : JSON.stringify(message.actions);
  const bytes = sizeOf({ content, metadata: json, actions }) - sizeOf(row);
  const { ledger } = batch.parts;
  ledger.charge(identity_id, EVENT_BYTES + Math.max(0, bytes));
  if (bytes < 0) ledger.giveBack(identity_id, -bytes);
  batch.changeMessage(sent.message, {
    ...{ content, metadata: json, actions },
    state: STREAM_STATES[outcome] ?? null,
    error: error ?? null,
    actions_expire_at: message.actions_expire_at ?? null,
    ...{ edited_at: batch.parts.at, updated_seq: party.of.last_seq + 1 },
  });
  sent.digest = digest;
  sent.isChanged = true;
  const { conversation } = party.of;
  batch.changed.push({ conversation, seq: row.seq });
  batch.addEvent(party, { type: 'message.edited', message: sent.message, isMessage: false });
  return { message: toMessage(sent.message.row), duplicate: false };
}

function sizeOf({
  content,
  metadata,
  actions,
}: Pick<MessageRow, 'content' | 'metadata' | 'actions'>): number {
  return bytesOf(content) + bytesOf(metadata) + bytesOf(actions);
}

/** The same outcome again; content that is given has to be the same too. */
function repeats(
  operation: Finish,
  sent: BatchSend,
  digestOfMessage: (message: NewMessage) => Buffer,
): boolean {
  const { outcome, content, given } = operation;
  const { row } = sent.message;
  if (outcome === 'interrupt') return true;
  if (outcome === 'fail') return row.deleted_at !== null || row.state === 'failed';
  if (row.state === 'failed') return false;
  if (!given || content === undefined) return true;
  return sent.digest.equals(digestOfMessage(outcomeOf(operation, content, row.reply_to)));
}
