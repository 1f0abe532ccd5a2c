import type { Cache, Client, Event, Message } from '@agent-messenger/sdk/browser';
import { Thread } from '../thread/thread';

/** Conversations whose messages stay in memory after they were left. */
const KEPT = 8;

/** The conversations that this page has opened; the last opened one is before the person's eyes. */
export class OpenThreads {
  /** In the order in which they were opened. */
  readonly #threads = new Map<string, Thread>();
  #shown: string | null = null;

  constructor(
    private readonly cache: Cache,
    private readonly client: () => Client | null,
  ) {}

  open(id: string): Thread {
    const kept = this.#threads.get(id);
    // Whoever comes back begins at the end.
    const isAtEnd = kept?.hasNewer.peek() === false;
    const thread = isAtEnd ? kept : new Thread(id, this.cache, this.client);
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    for (const oldest of this.#threads.keys()) {
      if (this.#threads.size <= KEPT) break;
      this.#threads.delete(oldest);
    }
    this.#shown = id;
    void thread.load();
    return thread;
  }

  close(): void {
    this.#shown = null;
  }

  isVisible(id: string): boolean {
    return this.#shown === id && document.visibilityState === 'visible';
  }

  apply(event: Event): void {
    const thread = this.#threads.get(event.conversation_id);
    thread?.apply(event);
    // The list of the shown one knows what is being read.
    if (event.conversation_id !== this.#shown) thread?.keepNear(Number.MAX_SAFE_INTEGER);
  }

  put(message: Message): void {
    this.#threads.get(message.conversation_id)?.put(message);
  }

  reload(): void {
    for (const [id, thread] of this.#threads) {
      if (id === this.#shown) void thread.load();
      else this.#threads.delete(id);
    }
  }
}
