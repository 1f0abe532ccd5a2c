import type { Changed, Event } from '@agent-messenger/contracts';
import { AppError } from '@agent-messenger/service-kit';
import { EVENT_BYTES } from '../../../storage/storage';
import { agentDeleted, fence, notListed } from '../../access-rules';
import { answeredEvent, planChange, type Change, type NewState } from '../../change-plans';
import { toMessage } from '../../message-rows';
import type { EventKey } from '../outbox/outbox-queues';
import { toAddedEvent, type Batch, type BatchMessage, type Party } from './batch';

/** Reads an event that was there before the batch. */
export type ReadEvent = (key: EventKey) => Promise<Event>;

/**
 * Edits, deletions, reactions and choices: an event, and the message as it is from then on. Throws AppErrors before it
 * changes the batch; what it answers may have to be read first.
 */
export function change(
  batch: Batch,
  operation: Change,
  readEvent: ReadEvent,
): Changed | Promise<Changed> {
  const { identity_id, conversation_id, message_id, epoch } = operation;
  const party = batch.present(conversation_id, identity_id);
  const { conversation } = party.of;
  const message = batch.messageOf(conversation, message_id);
  if (!message || message.row.seq < party.joined_seq) {
    throw new AppError('not_found', 'No such message.');
  }
  const shown = (event: Event) => answeredEvent(operation, event);
  const planned = planChange(operation, message.row, batch.parts.at);
  // Before the fence, as a repeated send: what is so already can be said to whichever connection asks.
  if ('since' in planned) {
    const key = { conversation, seq: planned.since };
    const added = batch.added(key);
    if (added) return { event: shown(toAddedEvent(added, conversation_id)), duplicate: true };
    // The batch may have changed the message after it.
    const now = toMessage(message.row);
    return readEvent(key).then((event) => ({
      event: shown('message' in event ? ({ ...event, message: now } as Event) : event),
      duplicate: true,
    }));
  }
  fence(party, epoch);
  checkReach(party, operation, planned);
  const event = carryOut(batch, { party, message, planned });
  if (operation.op !== 'react') batch.changed.push({ conversation, seq: message.row.seq });
  return { event: shown(event), duplicate: false };
}

function checkReach({ of, member }: Party, operation: Change, { type }: NewState): void {
  const addsNothing = type === 'message.deleted' || (operation.op === 'react' && !operation.set);
  const reach = addsNothing ? 'open' : of.reach(member.identity_id);
  if (reach === 'closed') throw notListed();
  if (reach === 'deleted' && operation.op === 'choose') throw agentDeleted();
}

function carryOut(
  batch: Batch,
  { party, message, planned }: { party: Party; message: BatchMessage; planned: NewState },
): Event {
  const { of, member } = party;
  const { type, data, bytes, patch } = planned;
  // Deletions need no room: they make some.
  const { ledger } = batch.parts;
  if (type !== 'message.deleted') {
    ledger.charge(member.identity_id, EVENT_BYTES + Math.max(0, bytes));
  }
  if (bytes < 0) ledger.giveBack(member.identity_id, -bytes);
  batch.changeMessage(message, patch(of.last_seq + 1));
  const added = batch.addEvent(party, { type, data, message, isMessage: false });
  return toAddedEvent(added, of.conversation_id);
}
