const ACKED = 1;
const RECEIVED = 2;
const BOTH = ACKED | RECEIVED;

/**
 * What became of one sender's messages during a phase. Each has a number, counted on from phase to phase: it is the
 * client_id, and by it the other side's events and the acks find each other.
 */
export class Outbox {
  private readonly sentAt: number[] = [];
  private readonly fates: number[] = [];
  private measuredFrom = Infinity;
  private highestReceived = -1;
  private acked = 0;
  private settled = 0;

  /** Acked and received, of those that are measured. */
  counted = 0;
  /** How many were answered with an error, by code. */
  readonly failures: Record<string, number> = {};
  failed = 0;
  /** Received once more. */
  duplicates = 0;
  /** Received for the first time, after one that was sent later. */
  outOfOrder = 0;

  /** @param first number of the first message */
  constructor(private readonly first = 0) {}

  get next(): number {
    return this.first + this.sentAt.length;
  }
  get sent(): number {
    return this.sentAt.length;
  }
  /** Neither acked nor refused (yet). */
  get unanswered(): number {
    return this.sentAt.length - this.acked - this.failed;
  }
  /** Acked and not received (yet). */
  get missing(): number {
    return this.acked - this.settled;
  }

  /** What is sent from now on is measured; before, it is warm-up. */
  measure(): void {
    this.measuredFrom = this.next;
  }

  isMeasured(number: number): boolean {
    return number >= this.measuredFrom;
  }

  /** @param at when it was sent or should have been, ms; returns its number */
  send(at: number): number {
    this.fates.push(0);
    return this.first + this.sentAt.push(at) - 1;
  }

  /** @returns ms since it was sent */
  ack(number: number, now: number): number {
    this.acked += 1;
    this.mark(number, ACKED);
    return now - this.sentAtOf(number);
  }

  fail(code: string): void {
    this.failed += 1;
    this.failures[code] = (this.failures[code] ?? 0) + 1;
  }

  /** @returns ms since it was sent, or undefined for one that was received before */
  receive(number: number, now: number): number | undefined {
    const fate = this.fates[number - this.first];
    if (fate === undefined || fate & RECEIVED) {
      this.duplicates += 1;
      return undefined;
    }
    if (number < this.highestReceived) this.outOfOrder += 1;
    else this.highestReceived = number;
    this.mark(number, RECEIVED);
    return now - this.sentAtOf(number);
  }

  private mark(number: number, fate: number): void {
    const index = number - this.first;
    const fates = (this.fates[index] ?? 0) | fate;
    this.fates[index] = fates;
    if (fates !== BOTH) return;
    this.settled += 1;
    if (this.isMeasured(number)) this.counted += 1;
  }

  private sentAtOf(number: number): number {
    return this.sentAt[number - this.first] ?? NaN;
  }
}
