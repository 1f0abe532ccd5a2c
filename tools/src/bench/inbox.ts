/** Checks the promise of the log: every event of a conversation once, in order, without a gap. */
export class Inbox {
  duplicates = 0;
  outOfOrder = 0;

  /** @param last position already received */
  constructor(public last = 0) {}

  /** @returns false for an event that is to be dropped because it was received before */
  take(seq: number): boolean {
    if (seq <= this.last) {
      this.duplicates += 1;
      return false;
    }
    if (seq > this.last + 1) this.outOfOrder += 1;
    this.last = seq;
    return true;
  }
}
