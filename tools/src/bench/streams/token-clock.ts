/** Each token has this length, so that an offset tells how many there are. */
export const TOKEN = 'token ';

/** When each token of a stream is there: on a schedule that waits for nothing. */
export class TokenClock {
  /** @param from when the first is there, ms */
  constructor(
    private readonly from: number,
    private readonly intervalMs: number,
    /** Where their count ends. */
    readonly total: number,
  ) {}

  at(token: number): number {
    return this.from + token * this.intervalMs;
  }

  /** How many are there at this moment. */
  due(now: number): number {
    const passed = Math.floor((now - this.from) / this.intervalMs) + 1;
    return Math.min(this.total, Math.max(0, passed));
  }
}
