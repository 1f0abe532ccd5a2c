import type { Operation, OperationResult, PositionMoved, Sent } from '@agent-messenger/contracts';
import { AppError, toWireError, type Logger } from '@agent-messenger/service-kit';
import { uuidv7 } from 'uuidv7';
import { digestOf } from '../send-digest';
import type { Store } from '../store';
import { fence, lastSeqFor, type Access } from './access';
import type { Changes } from './changes';
import type { EventWriter } from './event-writer';
import { MESSAGE_COLUMNS, toMessage, type MessageRow } from './rows';
import type { Sqlite, Transaction } from './sqlite';

type Send = Extract<Operation, { op: 'send' }>;
type Move = Extract<Operation, { op: 'received' | 'read' }>;

export function createAppend(
  { db, logId, digestKey, write }: Sqlite,
  {
    access,
    events,
    changes,
    log,
  }: { access: Access; events: EventWriter; changes: Changes; log: Logger },
): Pick<Store, 'append'> {
  const byClientId = db.prepare<[string, string], MessageRow & { digest: Buffer }>(
    `SELECT ${MESSAGE_COLUMNS}, x.digest FROM messages x WHERE x.sender_id = ? AND x.client_id = ?`,
  );
  const inConversation = db.prepare<[string, string]>(
    'SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?',
  );
  const insertMessage = db.prepare(
    `INSERT INTO messages (id, conversation_id, seq, updated_seq, sender_id, client_id, digest, content, metadata,
       reply_to, created_at)
     VALUES (@id, @conversation_id, @seq, @updated_seq, @sender_id, @client_id, @digest, @content, @metadata,
       @reply_to, @created_at)`,
  );
  const setDelivered = db.prepare(
    'UPDATE members SET delivered_seq = ?, rev = ? WHERE conversation_id = ? AND identity_id = ?',
  );
  const setRead = db.prepare(
    'UPDATE members SET read_seq = ?, rev = ? WHERE conversation_id = ? AND identity_id = ?',
  );
  const others = db
    .prepare<[string, string], string>(
      `SELECT identity_id FROM members
       WHERE conversation_id = ? AND identity_id <> ? AND left_seq IS NULL`,
    )
    .pluck();

  function send(operation: Send, tx: Transaction): Sent {
    const { identity_id, conversation_id, client_id, content, metadata, reply_to } = operation;
    const member = access.present(conversation_id, identity_id);
    const digest = digestOf(digestKey, [conversation_id, content, metadata, reply_to]);
    // Before the fence: that a message was accepted stays true, whichever connection asks again.
    const first = byClientId.get(identity_id, client_id);
    if (first?.digest.equals(digest)) return { message: toMessage(first), duplicate: true };
    if (first) {
      throw new AppError('conflict', 'This client_id was used for another message.', {
        messageId: first.id,
      });
    }
    fence(member, operation.epoch);
    if (reply_to !== undefined && !inConversation.get(reply_to, conversation_id)) {
      throw new AppError('invalid_payload', 'reply_to is not a message of this conversation.');
    }
    const seq = member.last_seq + 1;
    const row: MessageRow = {
      id: `msg_${uuidv7()}`,
      conversation_id,
      seq,
      updated_seq: seq,
      sender_id: identity_id,
      client_id,
      content,
      metadata: metadata === undefined ? null : JSON.stringify(metadata),
      reply_to: reply_to ?? null,
      created_at: tx.at,
      edited_at: null,
      deleted_at: null,
      state: null,
      reactions: '[]',
    };
    insertMessage.run({ ...row, digest });
    events.write(tx, {
      conversation_id,
      seq,
      type: 'message.created',
      actor_id: identity_id,
      message_id: row.id,
    });
    return { message: toMessage(row), duplicate: false };
  }

  function move(operation: Move, { rev }: Transaction): PositionMoved {
    const { op, identity_id, conversation_id, epoch } = operation;
    const member =
      op === 'read'
        ? access.present(conversation_id, identity_id)
        : access.reader(conversation_id, identity_id);
    fence(member, epoch);
    if (operation.log_id !== undefined && operation.log_id !== logId) return { tell: [] };
    const seq = Math.min(operation.seq, lastSeqFor(member));
    if (seq <= (op === 'read' ? member.read_seq : member.delivered_seq)) return { tell: [] };
    (op === 'read' ? setRead : setDelivered).run(seq, rev, conversation_id, identity_id);
    return {
      receipt: {
        conversation_id,
        identity_id,
        delivered_seq: op === 'read' ? member.delivered_seq : seq,
        read_seq: op === 'read' ? seq : member.read_seq,
      },
      tell: others.all(conversation_id, identity_id),
    };
  }

  /** A refusal comes before the operation's first write, so that nothing of it needs to be undone. */
  function carryOut(operation: Operation, tx: Transaction): OperationResult {
    try {
      switch (operation.op) {
        case 'send':
          return { ok: true, sent: send(operation, tx) };
        case 'received':
        case 'read':
          return { ok: true, moved: move(operation, tx) };
        default:
          return { ok: true, changed: changes.carryOut(operation, tx) };
      }
    } catch (error) {
      if (error instanceof AppError) return { ok: false, error: toWireError(error, log) };
      throw error;
    }
  }

  return {
    async append({ operations }) {
      return { results: write((tx) => operations.map((operation) => carryOut(operation, tx))) };
    },
  };
}
