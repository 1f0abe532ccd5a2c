import {
  kindOf,
  LIMITS,
  type Event,
  type Message,
  type Operation,
  type OperationResult,
  type PositionMoved,
  type Sent,
} from '@agent-messenger/contracts';
import { AppError, toWireError, type Logger } from '@agent-messenger/service-kit';
import { digestOf, shortDigest } from '../send-digest';
import type { Store } from '../store';
import { agentDeleted, fence, lastSeqFor, notListed } from '../access-rules';
import type { Access, Membership } from './access';
import { NEVER_DONE, type Attempted } from '../attempted';
import type { Attempts } from './attempts';
import type { Changes } from './changes';
import type { EventWriter } from './event-writer';
import type { Places } from './places';
import type { PushCorrections } from './push-corrections';
import type { Quotas } from './quotas';
import { packMessageId, packUuid, type Packed } from './packed';
import { bytesOfRow, newMessageRow, toMessage } from '../message-rows';
import type { RecentEntries } from './recent-entries';
import { requested, type NewMessage } from '../send-request';
import { createSentMessages } from './sent-messages';
import type { Sqlite, Transaction } from './sqlite';
import type { Streams } from './streams';

type Move = Extract<Operation, { op: 'received' | 'read' }>;

interface AppendParts {
  access: Access;
  attempts: Attempts;
  events: EventWriter;
  changes: Changes;
  corrections: PushCorrections;
  places: Places;
  quotas: Quotas;
  recent: RecentEntries;
  streams: Streams;
  log: Logger;
}

export function createAppend(
  { db, logId, digestKey, write }: Sqlite,
  parts: AppendParts,
): Pick<Store, 'append' | 'countAttempts'> {
  const { access, attempts, events, changes, corrections, places, quotas, recent, streams, log } =
    parts;
  const sentMessages = createSentMessages(db);
  const setDelivered = db.prepare(
    'UPDATE members SET delivered_seq = ?, rev = ? WHERE conversation = ? AND identity = ?',
  );
  const setSeen = db.prepare(
    'UPDATE members SET seen_seq = ? WHERE conversation = ? AND identity = ?',
  );
  const stamp = db.prepare('UPDATE conversations SET rev = ? WHERE n = ? AND deleted_at IS NULL');
  const countTalk = db.prepare(
    `UPDATE identities SET talks = talks + 1
     WHERE n IN (SELECT identity FROM members WHERE conversation = ? AND left_seq IS NULL)`,
  );
  const setRead = db.prepare(
    'UPDATE members SET read_seq = ?, rev = ? WHERE conversation = ? AND identity = ?',
  );
  /** An answer to it, or what the agent said after it without saying to what. */
  const answer = db.prepare<[number, number, number, Packed]>(
    `SELECT 1 FROM log WHERE conversation = ? AND seq > ? AND actor = ? AND id IS NOT NULL
       AND (reply_to IS NULL OR reply_to = ?) LIMIT 1`,
  );
  const others = db
    .prepare<[number, number], string>(
      `SELECT i.id FROM members m JOIN identities i ON i.n = m.identity
       WHERE m.conversation = ? AND m.identity <> ? AND m.left_seq IS NULL`,
    )
    .pluck();

  function send(operation: NewMessage, tx: Transaction): Sent {
    const { identity_id, conversation_id, client_id, content, reply_to } = operation;
    const member = access.present(conversation_id, identity_id);
    const digest = shortDigest(digestOf(digestKey, requested(operation)));
    // Before the fence: that a message was accepted stays true, whichever connection asks again.
    const first = sentMessages.find(member.identity, client_id);
    if (first?.digest.equals(digest)) return { message: toMessage(first), duplicate: true };
    if (first) {
      throw new AppError('conflict', 'This client_id was used for another message.', {
        messageId: first.id,
      });
    }
    fence(member, operation.epoch);
    if (operation.state !== undefined && kindOf(identity_id) !== 'agent') {
      throw new AppError('forbidden', 'Only an agent says that its message failed.');
    }
    if (operation.actions !== undefined && kindOf(identity_id) !== 'agent') {
      throw new AppError('forbidden', 'Only an agent offers actions to choose from.');
    }
    const { reach, members } = access.audience(member);
    // What people have seen of an answer stays, whatever has become of its agent.
    if (reach === 'deleted' && operation.state !== 'interrupted') throw agentDeleted();
    if (reach === 'closed') throw notListed();
    if (reply_to !== undefined && !sentMessages.isIn(member.conversation, reply_to)) {
      throw new AppError('invalid_payload', 'reply_to is not a message of this conversation.');
    }
    const row = newMessageRow(operation, { seq: member.last_seq + 1, at: tx.at });
    quotas.charge(tx, identity_id, bytesOfRow(row));
    const { conversation, identity: actor } = member;
    if (member.is_empty === 1) countTalk.run(conversation);
    const pos = events.write(tx, {
      ...{ conversation, actor, seq: row.seq, type: 'message.created' },
      members,
      message: {
        id: packMessageId(row.id),
        client_id: packUuid(client_id),
        digest,
        content,
        metadata: row.metadata,
        reply_to: reply_to === undefined ? null : packMessageId(reply_to),
        state: row.state,
        error: row.error,
        actions: row.actions,
        actions_expire_at: row.actions_expire_at,
      },
    });
    const message = toMessage(row);
    const to = operation.own ? members.filter((id) => id !== identity_id) : members;
    tx.added.push({ pos, entry: { event: createdOf(message), to } });
    return { message, duplicate: false };
  }

  function move(operation: Move, { rev }: Transaction): PositionMoved {
    const { op, identity_id, conversation_id, epoch } = operation;
    const member =
      op === 'read'
        ? access.present(conversation_id, identity_id)
        : access.reader(conversation_id, identity_id);
    fence(member, epoch);
    if (operation.log_id !== undefined && operation.log_id !== logId) return { tell: [] };
    const { conversation, identity } = member;
    const seq = Math.min(operation.seq, lastSeqFor(member));
    if (op === 'received') {
      const seen = Math.min(operation.seen_seq ?? seq, seq);
      if (seen > member.seen_seq) setSeen.run(seen, conversation, identity);
    }
    if (seq <= (op === 'read' ? member.read_seq : member.delivered_seq)) return { tell: [] };
    if (op === 'read') {
      setRead.run(seq, rev, conversation, identity);
      corrections.read(member, seq);
    } else {
      setDelivered.run(seq, rev, conversation, identity);
      if (seq === lastSeqFor(member)) places.note(conversation);
    }
    // The others see it in their listings.
    stamp.run(rev, conversation);
    if (op === 'received') attempts.settle(member, seq);
    return {
      receipt: {
        conversation_id,
        identity_id,
        delivered_seq: op === 'read' ? member.delivered_seq : seq,
        read_seq: op === 'read' ? seq : member.read_seq,
      },
      tell: others.all(conversation, identity),
    };
  }

  /** A refusal comes before the operation's first write, so that nothing of it needs to be undone. */
  function carryOut(operation: Operation, tx: Transaction): OperationResult {
    try {
      switch (operation.op) {
        case 'send':
          return { ok: true, sent: send(operation, tx) };
        case 'finish':
          return { ok: true, sent: streams.finish(operation, tx, (message) => send(message, tx)) };
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

  /** The agent has had it, and the person an answer, though a failed one. */
  function handOver(
    { identity_id, conversation_id, conversation, identity }: Membership,
    { seq, message_id }: Attempted,
    tx: Transaction,
  ): PositionMoved {
    const by = { identity_id, conversation_id, epoch: null };
    const isAnswered =
      message_id === null ||
      answer.get(conversation, seq, identity, packMessageId(message_id)) !== undefined;
    if (!isAnswered) {
      // Refused when the agent has said so itself, in other words: then there is an answer too.
      carryOut(
        {
          op: 'send',
          ...by,
          client_id: `failed:${message_id}`,
          content: '',
          state: 'failed',
          error: NEVER_DONE,
          reply_to: message_id as `msg_${string}`,
        } as Operation,
        tx,
      );
    }
    return move({ op: 'received', ...by, seq }, tx);
  }

  return {
    async countAttempts({ agent_id, log_id, under_way }) {
      if (log_id !== logId) return { moved: [], suspects: [] };
      return write((tx) => {
        const moved: PositionMoved[] = [];
        const suspects = under_way.flatMap(({ conversation_id, seq }) => {
          const member = access.find(conversation_id, agent_id);
          const attempted = member && attempts.count(member, seq);
          if (!attempted) return [];
          const handed_over = attempted.attempts >= LIMITS.deliveryAttempts;
          if (handed_over) moved.push(handOver(member, attempted, tx));
          return [{ conversation_id, ...attempted, handed_over }];
        });
        return { moved, suspects };
      });
    },

    async append({ operations }) {
      const { results, added, generation } = await write((tx) => {
        const { generation } = recent;
        const results = operations.map((operation) => carryOut(operation, tx));
        return { results, added: tx.added, generation };
      });
      recent.add(added, generation);
      return { results };
    },
  };
}

function createdOf(message: Message): Event {
  const { conversation_id, seq, sender: actor, created_at: at } = message;
  return { conversation_id, seq, type: 'message.created', actor, at, message };
}
