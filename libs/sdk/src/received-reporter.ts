import { LIMITS } from '@agent-messenger/contracts';

interface Report {
  seq: number;
  events: number;
}

/** Tells the server how far the application has come: cumulative, after 32 events or 250 ms. */
export class ReceivedReporter {
  readonly #due = new Map<string, Report>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `emit` answers false when there is no connection. */
  constructor(private readonly emit: (conversationId: string, seq: number) => boolean) {}

  taken(conversationId: string, seq: number): void {
    const report = this.#due.get(conversationId) ?? { seq: 0, events: 0 };
    report.seq = Math.max(report.seq, seq);
    report.events++;
    this.#due.set(conversationId, report);
    if (report.events >= LIMITS.receivedEvery) this.#report(conversationId, report);
    else this.#timer ??= setTimeout(() => this.flush(), LIMITS.receivedAfterMs);
  }

  /** Reports all that is due; without a connection it stays due. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [conversationId, report] of this.#due) this.#report(conversationId, report);
  }

  /** Hands over what is due and forgets it. */
  drain(): { conversationId: string; seq: number }[] {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const due = [...this.#due].map(([conversationId, { seq }]) => ({ conversationId, seq }));
    this.#due.clear();
    return due;
  }

  #report(conversationId: string, report: Report): void {
    if (this.emit(conversationId, report.seq)) this.#due.delete(conversationId);
  }
}
