import type { Changed, Event } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { EVENT_BYTES } from '../../storage/storage';
import { agentDeleted, fence, notListed } from '../access-rules';
import { answeredEvent, planChange, type Change } from '../change-plans';
import type { Access, Membership } from './access';
import type { EventWriter } from './event-writer';
import { packMessageId, packTime, type Packed } from './packed';
import type { PushCorrections } from './push-corrections';
import type { Quotas } from './quotas';
import {
  EVENT_SELECT,
  MESSAGE_SELECT,
  toEvent,
  unpackMessage,
  type EventRow,
  type StoredMessage,
} from './rows';
import type { Sqlite, Transaction } from './sqlite';

/** Edits, deletions, reactions and choices: an event, and the message as it is from then on. */
export interface Changes {
  /** Throws AppErrors before the first write. */
  carryOut(operation: Change, tx: Transaction): Changed;
}

interface ChangesParts {
  access: Access;
  corrections: PushCorrections;
  events: EventWriter;
  quotas: Quotas;
}

export function createChanges(
  { db }: Sqlite,
  { access, corrections, events, quotas }: ChangesParts,
): Changes {
  const find = db.prepare<[Packed, number, number], StoredMessage>(
    `${MESSAGE_SELECT} WHERE x.id = ? AND x.conversation = ? AND x.seq >= ?`,
  );
  const eventAt = db.prepare<[number, number], EventRow>(
    `${EVENT_SELECT} WHERE e.conversation = ? AND e.seq = ?`,
  );
  // The digest stays: a retry of the send is still recognised.
  const save = db.prepare(
    `UPDATE log SET content = @content, metadata = @metadata, reactions = nullif(@reactions, '[]'), state = @state, error = @error,
       actions = @actions, actions_expire_at = @actions_expire_at, choice = @choice, edited_at = @edited_at,
       deleted_at = @deleted_at, counts = iif(@deleted_at IS NULL, counts, NULL), updated_seq = @updated_seq
     WHERE pos = @pos`,
  );

  function readEvent({ conversation, conversation_id }: Membership, seq: number): Event {
    const row = eventAt.get(conversation, seq);
    if (!row) throw new Error(`the log of ${conversation_id} has no event ${seq}`);
    return toEvent(row);
  }

  return {
    carryOut(operation, tx) {
      const { identity_id, conversation_id, message_id, epoch } = operation;
      const member = access.present(conversation_id, identity_id);
      const { conversation, identity: actor } = member;
      const stored = find.get(packMessageId(message_id), conversation, member.joined_seq);
      if (!stored) throw new AppError('not_found', 'No such message.');
      const message = unpackMessage(stored);
      const read = (seq: number) => answeredEvent(operation, readEvent(member, seq));
      const planned = planChange(operation, message, tx.at);
      // Before the fence, as a repeated send: what is so already can be said to whichever connection asks.
      if ('since' in planned) return { event: read(planned.since), duplicate: true };
      fence(member, epoch);
      const { type, data, bytes, patch } = planned;
      const addsNothing =
        type === 'message.deleted' || (operation.op === 'react' && !operation.set);
      const reach = addsNothing ? 'open' : access.reach(member);
      if (reach === 'closed') throw notListed();
      if (reach === 'deleted' && operation.op === 'choose') throw agentDeleted();
      // Deletions need no room: they make some.
      if (type !== 'message.deleted') {
        quotas.charge(tx, identity_id, EVENT_BYTES + Math.max(0, bytes));
      }
      if (bytes < 0) quotas.giveBack(tx, identity_id, -bytes);
      const seq = member.last_seq + 1;
      const changed = { ...message, ...patch(seq) };
      save.run({
        ...{ content: changed.content, metadata: changed.metadata, reactions: changed.reactions },
        ...{ state: changed.state, error: changed.error, choice: changed.choice },
        ...{ actions: changed.actions, actions_expire_at: changed.actions_expire_at },
        edited_at: changed.edited_at && packTime(changed.edited_at),
        deleted_at: changed.deleted_at && packTime(changed.deleted_at),
        ...{ updated_seq: seq, pos: message.pos },
      });
      if (operation.op !== 'react') corrections.changed(conversation, message.seq);
      events.write(tx, { conversation, actor, seq, type, about: message.seq, data });
      return { event: read(seq), duplicate: false };
    },
  };
}
