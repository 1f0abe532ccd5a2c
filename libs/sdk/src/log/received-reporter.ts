import { contract } from '../contract/contract';

export interface Position {
  conversationId: string;
  seq: number;
}

interface Report {
  seq: number;
  events: number;
}

/** Tells the server how far the application has come: cumulative, after 32 events or 250 ms. */
export class ReceivedReporter {
  readonly #due = new Map<string, Report>();
  /** Of which nobody knows whether it has arrived. */
  #last: Position | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `emit` answers false when there is no connection. */
  constructor(private readonly emit: (conversationId: string, seq: number) => boolean) {}

  taken(conversationId: string, seq: number): void {
    const report = this.#due.get(conversationId) ?? { seq: 0, events: 0 };
    report.seq = Math.max(report.seq, seq);
    report.events++;
    this.#due.set(conversationId, report);
    if (report.events >= contract.limits.receivedEvery) this.#report(conversationId, report);
    else this.#timer ??= setTimeout(() => this.flush(), contract.limits.receivedAfterMs);
  }

  /** Reports all that is due; without a connection it stays due. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [conversationId, report] of this.#due) this.#report(conversationId, report);
  }

  /**
   * Hands over what is due and forgets it; if nothing is, the last report: the answer to it tells that those before it
   * have arrived, too.
   */
  drain(): Position[] {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const due = [...this.#due].map(([conversationId, { seq }]) => ({ conversationId, seq }));
    const last = this.#last;
    this.#due.clear();
    this.#last = null;
    return due.length === 0 && last ? [last] : due;
  }

  #report(conversationId: string, report: Report): void {
    if (!this.emit(conversationId, report.seq)) return;
    this.#due.delete(conversationId);
    this.#last = { conversationId, seq: report.seq };
  }
}
