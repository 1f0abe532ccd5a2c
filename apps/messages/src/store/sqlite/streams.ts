import type { Sent } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { digestOf, shortDigest } from '../send-digest';
import type { Store } from '../store';
import { agentDeleted, fence } from '../access-rules';
import type { Access, Membership } from './access';
import type { ConversationReader } from './conversation-reader';
import type { EventWriter } from './event-writer';
import type { PushCorrections } from './push-corrections';
import { bytesOf, EVENT_BYTES } from '../../storage/storage';
import type { Quotas } from './quotas';
import { packTime } from './packed';
import { toMessage } from '../message-rows';
import { requested, type NewMessage } from '../send-request';
import {
  nothingKnown,
  outcomeOf,
  STREAM_STATES,
  usedElsewhere,
  type Finish,
} from '../stream-outcomes';
import { createSentMessages, type SentMessage } from './sent-messages';
import type { Sqlite, Transaction } from './sqlite';

/** What becomes of streams: exactly one message each, under the stream's id as `client_id`. */
export interface Streams extends Pick<Store, 'checkStream'> {
  /**
   * The first outcome makes the message. `end` and `fail` are final; what was interrupted they still replace.
   * @param send commits a new message
   * Throws AppErrors before the first write.
   */
  finish(operation: Finish, tx: Transaction, send: (message: NewMessage) => Sent): Sent;
}

interface StreamsParts {
  access: Access;
  corrections: PushCorrections;
  events: EventWriter;
  quotas: Quotas;
  reader: Pick<ConversationReader, 'members'>;
}

export function createStreams(
  { db, digestKey }: Sqlite,
  { access, corrections, events, quotas, reader }: StreamsParts,
): Streams {
  const sentMessages = createSentMessages(db);
  const setOutcome = db.prepare(
    `UPDATE log SET content = @content, metadata = @metadata, state = @state, error = @error, digest = @digest,
       actions = @actions, actions_expire_at = @actions_expire_at, edited_at = @edited_at, updated_seq = @updated_seq WHERE pos = @pos`,
  );

  const digest = (message: NewMessage) => shortDigest(digestOf(digestKey, requested(message)));

  /** The message of an ended stream, if there is one. */
  function find({ identity, conversation_id }: Membership, streamId: string) {
    const row = sentMessages.find(identity, streamId);
    if (row && row.conversation_id !== conversation_id) throw usedElsewhere(row);
    return row;
  }

  /** What was interrupted becomes what its agent says now. */
  function replace(
    operation: Finish,
    { row, member, tx }: { row: SentMessage; member: Membership; tx: Transaction },
  ): Sent {
    const { identity_id, epoch, outcome } = operation;
    fence(member, epoch);
    const message = outcomeOf(operation, operation.content ?? row.content ?? '', row.reply_to);
    const { content, metadata } = message;
    const json = metadata === undefined ? null : JSON.stringify(metadata);
    const actions = message.actions === undefined ? null : JSON.stringify(message.actions);
    const bytes =
      bytesOf(content) +
      bytesOf(json) +
      bytesOf(actions) -
      bytesOf(row.content) -
      bytesOf(row.metadata) -
      bytesOf(row.actions);
    quotas.charge(tx, identity_id, EVENT_BYTES + Math.max(0, bytes));
    if (bytes < 0) quotas.giveBack(tx, identity_id, -bytes);
    const seq = member.last_seq + 1;
    const changed = {
      content,
      metadata: json,
      state: STREAM_STATES[outcome] ?? null,
      error: operation.error ?? null,
      actions,
      actions_expire_at: message.actions_expire_at ?? null,
      edited_at: tx.at,
      updated_seq: seq,
    };
    setOutcome.run({
      ...{ ...changed, pos: row.pos, edited_at: packTime(tx.at) },
      digest: digest(message),
    });
    const { conversation, identity: actor } = member;
    corrections.changed(conversation, row.seq);
    events.write(tx, {
      ...{ conversation, actor, seq, type: 'message.edited' },
      about: row.seq,
    });
    return { message: toMessage({ ...row, ...changed }), duplicate: false };
  }

  /** The same outcome again; content that is given has to be the same too. */
  function repeats(operation: Finish, row: SentMessage): boolean {
    const { outcome, content, given } = operation;
    if (outcome === 'interrupt') return true;
    if (outcome === 'fail') return row.deleted_at !== null || row.state === 'failed';
    if (row.state === 'failed') return false;
    if (!given || content === undefined) return true;
    const message = outcomeOf(operation, content, row.reply_to);
    return row.digest.equals(digest(message));
  }

  return {
    async checkStream({ identity_id, epoch, conversation_id, stream_id, reply_to }) {
      const member = access.present(conversation_id, identity_id);
      fence(member, epoch);
      const members = reader.members(member.conversation);
      const row = find(member, stream_id);
      if (row) return { message: toMessage(row), members };
      if (access.reach(member) === 'deleted') {
        throw agentDeleted();
      }
      if (reply_to !== undefined && !sentMessages.isIn(member.conversation, reply_to)) {
        throw new AppError('invalid_payload', 'reply_to is not a message of this conversation.');
      }
      return { message: null, members };
    },

    finish(operation, tx, send) {
      const { identity_id, conversation_id, stream_id, outcome, content } = operation;
      const member = access.present(conversation_id, identity_id);
      const row = find(member, stream_id);
      if (!row) {
        if (outcome === 'end' && content === undefined) throw nothingKnown();
        if (outcome === 'end' && content === '') {
          throw new AppError('invalid_payload', 'A stream without text cannot become a message.');
        }
        return send(outcomeOf(operation, content ?? '', operation.reply_to));
      }
      const isOpen = row.state === 'interrupted' && outcome !== 'interrupt';
      if (isOpen && outcome === 'end' && content === undefined) throw nothingKnown();
      // Without text there is nothing to put in its place.
      if (isOpen && (outcome === 'fail' || content)) return replace(operation, { row, member, tx });
      if (isOpen || repeats(operation, row)) return { message: toMessage(row), duplicate: true };
      throw new AppError('conflict', 'This stream has ended otherwise.', { messageId: row.id });
    },
  };
}
