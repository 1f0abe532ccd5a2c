/**
 * How long a suspect waits until nothing else is under way, and how long the next one waits for it to be dealt with,
 * ms.
 */
const PATIENCE_MS = 30_000;

interface QuarantineOptions {
  /** Whether the client has dealt with everything else that it was given. */
  isQuiet(): boolean;
  /** Begin to write this conversation, one event at a time. */
  release(conversationId: string): void;
  /** It took too long: write the conversation as any other. */
  giveUp(conversationId: string): void;
}

/**
 * Conversations whose next event was under way whenever earlier connections of the agent broke. They are written after
 * all others and one after the other, those with fewest attempts first: what breaks the connection now is alone in
 * that.
 */
export class Quarantine {
  private readonly waiting = new Map<string, number>();
  private current: string | undefined;
  private isOpen = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: QuarantineOptions) {}

  enter(conversationId: string, attempts: number): void {
    this.waiting.set(conversationId, attempts);
    this.next();
  }

  /** All that comes before the suspects has been written. */
  open(): void {
    this.isOpen = true;
    this.next();
  }

  /** The client has dealt with something: if nothing else is under way, the next suspect may go. */
  settle(): void {
    if (this.current === undefined) this.next();
  }

  leave(conversationId: string): void {
    this.waiting.delete(conversationId);
    if (this.current !== conversationId) return;
    this.current = undefined;
    this.stop();
    this.next();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private next(): void {
    if (!this.isOpen || this.current !== undefined || this.waiting.size === 0) return;
    if (this.options.isQuiet()) this.releaseFirst();
    else this.timer ??= setTimeout(() => this.releaseFirst(), PATIENCE_MS).unref();
  }

  private releaseFirst(): void {
    this.stop();
    const [first] = [...this.waiting].sort(([, a], [, b]) => a - b);
    if (!first) return;
    const [conversationId] = first;
    this.waiting.delete(conversationId);
    this.current = conversationId;
    this.timer = setTimeout(() => this.options.giveUp(conversationId), PATIENCE_MS).unref();
    this.options.release(conversationId);
  }
}
