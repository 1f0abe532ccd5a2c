import { charsOf, type Event } from '@agent-messenger/contracts';

/** How long one waits for what was committed before it: the relay, or an append, takes some milliseconds. */
const WAIT_MS = 500;
/** Of one connection, with their texts; what does not wait here is read from the log. */
const MOST = 32;
const MOST_CHARS = 64 * 1024;

interface Early {
  event: Event;
  traceparent: string | undefined;
  chars: number;
}

/**
 * Events of one connection that came before those that were committed before them. The peer's own messages come with
 * their acks and all others by the relay, so two who write at the same time see that all the time; a read of the log
 * for each would cost more than the message.
 */
export class EarlyEvents {
  /** By conversation, in order. */
  private readonly waiting = new Map<string, Early[]>();
  private count = 0;
  private chars = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param overdue told of a conversation in which one has waited for too long */
  constructor(private readonly overdue: (conversationId: string) => void) {}

  /** @returns false when there is no room for it */
  hold(event: Event, traceparent: string | undefined): boolean {
    const chars = charsOf(event);
    if (this.count >= MOST || this.chars + chars > MOST_CHARS) return false;
    const others = this.waiting.get(event.conversation_id) ?? [];
    const before = others.findLastIndex((other) => other.event.seq <= event.seq);
    if (others[before]?.event.seq === event.seq) return true;
    others.splice(before + 1, 0, { event, traceparent, chars });
    this.waiting.set(event.conversation_id, others);
    this.count += 1;
    this.chars += chars;
    this.timer ??= setTimeout(() => this.giveUp(), WAIT_MS);
    return true;
  }

  /** Everything up to `seq` has been written. @returns the one right after it, which waits no longer */
  written(conversationId: string, seq: number): Early | undefined {
    const all = this.waiting.get(conversationId);
    if (!all) return undefined;
    const later = all.findIndex(({ event }) => event.seq > seq + 1);
    const taken = all.splice(0, later < 0 ? all.length : later);
    this.count -= taken.length;
    for (const { chars } of taken) this.chars -= chars;
    if (all.length === 0) this.waiting.delete(conversationId);
    if (this.waiting.size === 0) this.stop();
    return taken.find(({ event }) => event.seq === seq + 1);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
    this.count = 0;
    this.chars = 0;
  }

  private giveUp(): void {
    const conversations = [...this.waiting.keys()];
    this.stop();
    conversations.forEach(this.overdue);
  }
}
