/** What a stand-in can do instead of taking a notification. */
export type Fault<A> =
  | { kind: 'answer'; answer: A }
  /** Closes the connection without an answer. */
  | { kind: 'drop' }
  /** Never answers. */
  | { kind: 'silence' }
  /** HTTP/2 only: takes it, and asks the client to go elsewhere. */
  | { kind: 'goaway' }
  /** Takes it, and answers after so many milliseconds. */
  | { kind: 'delay'; ms: number };

/** Which request gets which fault. */
export class Faults<A> {
  private readonly coming: Fault<A>[] = [];
  private standing: Fault<A> | undefined;

  /** For the next requests, one each. */
  next(...faults: Fault<A>[]): void {
    this.coming.push(...faults);
  }

  /** For all requests from now on, until `none`. */
  always(fault: Fault<A>): void {
    this.standing = fault;
  }

  none(): void {
    this.coming.length = 0;
    this.standing = undefined;
  }

  take(): Fault<A> | undefined {
    return this.coming.shift() ?? this.standing;
  }
}
