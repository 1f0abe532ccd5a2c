import type { Event, EventPage } from '@agent-messenger/contracts';

export interface PositionsOptions {
  /** Reads the log after a position. Repeats by itself what may pass; a rejection is final for now. */
  fetch: (conversationId: string, afterSeq: number) => Promise<EventPage>;
  /** Hands an event to the application; a rejection stops the conversation before this event. */
  deliver: (event: Event) => void | Promise<void>;
  /** The application has taken the event at `seq`; also called again when the server repeats what was taken. */
  onTaken: (conversationId: string, seq: number) => void;
  onError: (error: unknown, conversationId: string) => void;
}

interface Cursor {
  conversationId: string;
  /** Seq of the last event that the application has taken. */
  position: number;
  /** The log is known to reach this far; infinite until it is asked. */
  target: number;
  /** Events that arrived and were not delivered yet, by seq. */
  arrived: Map<number, Event>;
  working: boolean;
}

/** Events kept per conversation while the application is busy; what arrives beyond is read from the log later. */
const KEPT_EVENTS = 64;

/**
 * Where this device stands in each conversation. Whatever order events arrive in, and however often, the
 * application gets each one once, in order: an event is delivered at position + 1 only, and what is missing is
 * read from the log.
 */
export class Positions {
  readonly #cursors = new Map<string, Cursor>();
  readonly #taking = new Set<Promise<void>>();

  constructor(private readonly options: PositionsOptions) {}

  /** A device without a copy stands where the first event finds it: the server begins after what was delivered. */
  offer(event: Event): void {
    const cursor = this.#at(event.conversation_id, event.seq - 1);
    if (event.seq <= cursor.position) {
      // The server has not heard that this one was taken.
      this.options.onTaken(cursor.conversationId, cursor.position);
      return;
    }
    cursor.target = Math.max(cursor.target, event.seq);
    if (cursor.arrived.size < KEPT_EVENTS || event.seq === cursor.position + 1) {
      cursor.arrived.set(event.seq, event);
    }
    this.#wake(cursor);
  }

  /** The log reaches `lastSeq`; a device that has no position yet begins after `deliveredSeq`. */
  follow(conversationId: string, deliveredSeq: number, lastSeq: number): void {
    const known = this.#cursors.has(conversationId);
    const cursor = this.#at(conversationId, deliveredSeq);
    // What a new device has not seen is on its way already: the server writes it after `deliveredSeq`.
    if (!known) return;
    cursor.target = Math.max(cursor.target, lastSeq);
    this.#wake(cursor);
  }

  /** Reads what the log of a known conversation may have beyond its position. */
  look(conversationId: string): void {
    const cursor = this.#cursors.get(conversationId);
    if (!cursor) return;
    cursor.target = Infinity;
    this.#wake(cursor);
  }

  /** Where an earlier session of this device stood. */
  restore(positions: ReadonlyMap<string, number>): void {
    for (const [conversationId, position] of positions) this.#at(conversationId, position);
  }

  forget(conversationId: string): void {
    this.#cursors.delete(conversationId);
  }

  all(): Map<string, number> {
    return new Map([...this.#cursors].map(([id, { position }]) => [id, position]));
  }

  /** Resolves when the events that the application has now are taken or refused. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#taking);
  }

  /** Another log: nothing that is known holds. */
  reset(): void {
    this.#cursors.clear();
  }

  #at(conversationId: string, position: number): Cursor {
    let cursor = this.#cursors.get(conversationId);
    if (!cursor) {
      cursor = { conversationId, position, target: position, arrived: new Map(), working: false };
      this.#cursors.set(conversationId, cursor);
    }
    return cursor;
  }

  #wake(cursor: Cursor): void {
    if (!cursor.working) void this.#work(cursor);
  }

  async #work(cursor: Cursor): Promise<void> {
    cursor.working = true;
    try {
      while (this.#isCurrent(cursor) && cursor.position < cursor.target) {
        const next = cursor.arrived.get(cursor.position + 1);
        if (next) await this.#take(cursor, next);
        else await this.#fill(cursor);
      }
    } catch (error) {
      // Until something new is heard; otherwise a final answer would be asked for again and again.
      cursor.target = cursor.position;
      cursor.arrived.clear();
      if (this.#isCurrent(cursor)) this.options.onError(error, cursor.conversationId);
    } finally {
      // In the same turn as the last look at the target: an event in between would wake nobody.
      cursor.working = false;
    }
  }

  async #fill(cursor: Cursor): Promise<void> {
    const before = cursor.position;
    // The page answers all that is known now. What is heard of while it is on its way may not be in it.
    cursor.target = before;
    const page = await this.options.fetch(cursor.conversationId, before);
    const heard = cursor.target;
    cursor.target = Math.max(heard, page.last_seq);
    for (const event of page.events) {
      if (!this.#isCurrent(cursor)) return;
      // Where a page begins later, nothing before it is there for us: of a deleted conversation the last event remains.
      if (event.seq > cursor.position) await this.#take(cursor, event);
    }
    // A log that has nothing to give for a position has nothing there for us (a member that left).
    if (cursor.position === before) cursor.target = heard;
  }

  async #take(cursor: Cursor, event: Event): Promise<void> {
    const taking = this.#handOver(cursor, event);
    this.#taking.add(taking);
    try {
      await taking;
    } finally {
      this.#taking.delete(taking);
    }
  }

  async #handOver(cursor: Cursor, event: Event): Promise<void> {
    await this.options.deliver(event);
    if (!this.#isCurrent(cursor)) return;
    cursor.position = event.seq;
    for (const seq of cursor.arrived.keys()) if (seq <= event.seq) cursor.arrived.delete(seq);
    this.options.onTaken(cursor.conversationId, event.seq);
  }

  #isCurrent(cursor: Cursor): boolean {
    return this.#cursors.get(cursor.conversationId) === cursor;
  }
}
