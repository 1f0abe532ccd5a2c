import { LIMITS } from './limits';
import type { Event, Message } from './objects';
import { byteLength } from './text';

/** A message as a preview; itself when there is nothing to leave out. */
export function previewOf(message: Message): Message {
  const { metadata, content, ...rest } = message;
  const beginning = content === null ? null : beginningOf(content, LIMITS.previewBytes);
  if (metadata === undefined && beginning === content) return message;
  return { ...rest, content: beginning, truncated: true };
}

/** An event that says what changed, and no more: reactions without their message, other messages as previews. */
export function briefEvent(event: Event): Event {
  return event.type === 'reaction.set' ? withoutReactedMessage(event) : truncatedEvent(event);
}

/** An event with a preview of its message, and where the whole is; itself when there is nothing to leave out. */
export function truncatedEvent(event: Event): Event {
  if (!('message' in event) || !event.message) return event;
  const message = previewOf(event.message);
  if (message === event.message) return event;
  const { conversation_id, seq } = event;
  const fetch = `/conversations/${conversation_id}/events?after_seq=${seq - 1}&limit=1`;
  return { ...event, message, truncated: true, fetch };
}

/** What clients that said `compact: 1` are sent of a reaction; every other event stays whole. */
export function withoutReactedMessage(event: Event): Event {
  if (event.type !== 'reaction.set' || event.message === undefined) return event;
  const { conversation_id, seq, type, actor, at, reaction } = event;
  return { conversation_id, seq, type, actor, at, reaction };
}

/** As many whole characters as fit. */
function beginningOf(text: string, maxBytes: number): string {
  // A UTF-16 unit takes a byte at least.
  let beginning = text.slice(0, maxBytes);
  while (byteLength(beginning) > maxBytes) {
    const over = byteLength(beginning) - maxBytes;
    beginning = beginning.slice(0, -Math.ceil(over / 3));
  }
  return beginning.isWellFormed() ? beginning : beginning.slice(0, -1);
}

/** Characters of the message in an event: most of what it takes in memory. */
export function charsOf(event: Event): number {
  const { content, metadata, actions } = ('message' in event && event.message) || {};
  // Both are rare, and bounded.
  const rare = metadata || actions ? JSON.stringify([metadata, actions]).length : 0;
  return (content?.length ?? 0) + rare;
}
