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

interface Place {
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
  readonly #places = new Map<string, Place>();
  readonly #taking = new Set<Promise<void>>();

  constructor(private readonly options: PositionsOptions) {}

  /** A device without a copy stands where the first event finds it: the server begins after what was delivered. */
  offer(event: Event): void {
    const place = this.#at(event.conversation_id, event.seq - 1);
    if (event.seq <= place.position) {
      // The server has not heard that this one was taken.
      this.options.onTaken(place.conversationId, place.position);
      return;
    }
    place.target = Math.max(place.target, event.seq);
    if (place.arrived.size < KEPT_EVENTS || event.seq === place.position + 1) {
      place.arrived.set(event.seq, event);
    }
    this.#wake(place);
  }

  /** The log reaches `lastSeq`; a device that has no position yet begins after `deliveredSeq`. */
  follow(conversationId: string, deliveredSeq: number, lastSeq: number): void {
    const known = this.#places.has(conversationId);
    const place = this.#at(conversationId, deliveredSeq);
    // What a new device has not seen is on its way already: the server writes it after `deliveredSeq`.
    if (!known) return;
    place.target = Math.max(place.target, lastSeq);
    this.#wake(place);
  }

  /** Reads what the log of a known conversation may have beyond its position. */
  look(conversationId: string): void {
    const place = this.#places.get(conversationId);
    if (!place) return;
    place.target = Infinity;
    this.#wake(place);
  }

  /** Where an earlier session of this device stood. */
  restore(positions: ReadonlyMap<string, number>): void {
    for (const [conversationId, position] of positions) this.#at(conversationId, position);
  }

  forget(conversationId: string): void {
    this.#places.delete(conversationId);
  }

  all(): Map<string, number> {
    return new Map([...this.#places].map(([id, { position }]) => [id, position]));
  }

  /** Resolves when the events that the application has now are taken or refused. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#taking);
  }

  /** Another log: nothing that is known holds. */
  reset(): void {
    this.#places.clear();
  }

  #at(conversationId: string, position: number): Place {
    let place = this.#places.get(conversationId);
    if (!place) {
      place = { conversationId, position, target: position, arrived: new Map(), working: false };
      this.#places.set(conversationId, place);
    }
    return place;
  }

  #wake(place: Place): void {
    if (!place.working) void this.#work(place);
  }

  async #work(place: Place): Promise<void> {
    place.working = true;
    try {
      while (this.#isCurrent(place) && place.position < place.target) {
        const next = place.arrived.get(place.position + 1);
        if (next) await this.#take(place, next);
        else await this.#fill(place);
      }
    } catch (error) {
      // Until something new is heard; otherwise a final answer would be asked for again and again.
      place.target = place.position;
      place.arrived.clear();
      if (this.#isCurrent(place)) this.options.onError(error, place.conversationId);
    } finally {
      // In the same turn as the last look at the target: an event in between would wake nobody.
      place.working = false;
    }
  }

  async #fill(place: Place): Promise<void> {
    const before = place.position;
    // The page answers all that is known now. What is heard of while it is on its way may not be in it.
    place.target = before;
    const page = await this.options.fetch(place.conversationId, before);
    const heard = place.target;
    place.target = Math.max(heard, page.last_seq);
    for (const event of page.events) {
      if (!this.#isCurrent(place)) return;
      // Where a page begins later, nothing before it is there for us: of a deleted conversation the last event remains.
      if (event.seq > place.position) await this.#take(place, event);
    }
    // A log that has nothing to give for a position has nothing there for us (a member that left).
    if (place.position === before) place.target = heard;
  }

  async #take(place: Place, event: Event): Promise<void> {
    const taking = this.#handOver(place, event);
    this.#taking.add(taking);
    try {
      await taking;
    } finally {
      this.#taking.delete(taking);
    }
  }

  async #handOver(place: Place, event: Event): Promise<void> {
    await this.options.deliver(event);
    if (!this.#isCurrent(place)) return;
    place.position = event.seq;
    for (const seq of place.arrived.keys()) if (seq <= event.seq) place.arrived.delete(seq);
    this.options.onTaken(place.conversationId, event.seq);
  }

  #isCurrent(place: Place): boolean {
    return this.#places.get(place.conversationId) === place;
  }
}
