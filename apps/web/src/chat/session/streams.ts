import { signal, type Signal } from '@preact/signals';
import type { Client, StreamView } from '@agent-messenger/sdk/browser';
import { Pace } from './pace';

/** The answers that are being written, by conversation. */
export class Streams {
  readonly #signals = new Map<string, Signal<readonly StreamView[]>>();
  readonly #due = new Set<string>();
  readonly #paints = new Pace(() => this.#paint());
  #client: Client | null = null;

  /** Null: what was being written goes on with the next client. */
  use(client: Client | null): void {
    this.#client = client;
    if (!client) return;
    // What has ended meanwhile is told of by nobody.
    for (const id of this.#signals.keys()) this.#due.add(id);
    this.#paints.now();
    client.on('stream', ({ conversation_id, status }) => {
      this.#due.add(conversation_id);
      // The message takes the stream's place in one paint.
      if (status === 'over') this.#paints.now();
      else this.#paints.due();
    });
  }

  of(conversationId: string): readonly StreamView[] {
    return this.#signalOf(conversationId).value;
  }

  #signalOf(conversationId: string): Signal<readonly StreamView[]> {
    const known = this.#signals.get(conversationId);
    if (known) return known;
    const made = signal(this.#client?.streams(conversationId) ?? []);
    this.#signals.set(conversationId, made);
    return made;
  }

  #paint(): void {
    for (const id of this.#due) this.#signalOf(id).value = this.#client?.streams(id) ?? [];
    this.#due.clear();
  }
}
