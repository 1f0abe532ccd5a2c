import { withoutReactedMessage } from '@agent-messenger/contracts';
import type { LogEntry } from '../../store';
import { unpackConversationId } from '../driver/ids';
import { toAddedEvent, type Batch, type NewEvent } from './batch';

/** What the relay gets of an event that the batch adds, as it would read it after the commit. */
export function toLogEntry(batch: Batch, event: NewEvent): LogEntry {
  const conversationId = unpackConversationId(event.conversation);
  const members = batch.conversations.get(conversationId)?.members ?? [];
  return {
    // A gateway reads what a reaction is on where it needs it.
    event: withoutReactedMessage(toAddedEvent(event, conversationId)),
    to: members
      .filter(
        ({ identity, joined_seq, left_seq }) =>
          joined_seq <= event.seq &&
          (left_seq === null || event.seq <= left_seq) &&
          !(event.isGiven && identity === event.actor),
      )
      .map(({ identity_id }) => identity_id),
  };
}

/** What it takes in memory is mostly its texts. */
export function textsOf({ message }: NewEvent): number {
  const { content, metadata, actions } = message?.row ?? {};
  return (content?.length ?? 0) + (metadata?.length ?? 0) + (actions?.length ?? 0);
}
