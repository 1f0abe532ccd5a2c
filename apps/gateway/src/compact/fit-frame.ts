import type { Ack, Event, Message, RequestName } from '@agent-messenger/contracts';
import { previewOf, truncatedEvent } from '@agent-messenger/contracts';
import { answerBytes, PageAck } from './page-ack';

/** What a transport puts around a payload, with a request's id at its longest. */
const ENVELOPE_BYTES = 2 * 1024;

/** How many bytes of a page's entries fit into a frame of this size. */
export function pageBytesWithin(maxFrameBytes: number): number {
  return maxFrameBytes - 2 * ENVELOPE_BYTES;
}

/** The event, or what of it fits into a frame of this size: previews are far below the smallest bound. */
export function fitEvent(event: Event, maxFrameBytes: number): Event {
  return fits(event, maxFrameBytes) ? event : truncatedEvent(event);
}

/** As `fitEvent`, of an answer, which may have a message, an event, or a page of them. */
export function fitAnswer(
  answer: Ack<RequestName> | PageAck,
  maxFrameBytes: number,
): Ack<RequestName> | PageAck {
  if (fits(answer, maxFrameBytes)) return answer;
  const whole = answer instanceof PageAck ? answer.parse() : answer;
  const { message, event, events } = whole as Carrying;
  return {
    ...whole,
    ...(message && { message: previewOf(message) }),
    ...(event && { event: truncatedEvent(event) }),
    ...(events && { events: events.map(truncatedEvent) }),
  };
}

interface Carrying {
  message?: Message;
  event?: Event;
  events?: Event[];
}

function fits(payload: unknown, maxFrameBytes: number): boolean {
  return answerBytes(payload) + ENVELOPE_BYTES <= maxFrameBytes;
}
