import { setTimeout as delay } from 'node:timers/promises';

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
  | { kind: 'delay'; ms: number }
  /** Takes it, and answers when this is settled. */
  | { kind: 'hold'; until: Promise<unknown> };

/** Waits for as long as the fault says before what was taken is answered. */
export async function pauseFor(fault: Fault<unknown> | undefined): Promise<void> {
  if (fault?.kind === 'delay') await delay(fault.ms, undefined, { ref: false });
  if (fault?.kind === 'hold') await Promise.allSettled([fault.until]);
}

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

  /** Whether a request has had each of those that were for the next ones. */
  get areTaken(): boolean {
    return this.coming.length === 0;
  }

  none(): void {
    this.coming.length = 0;
    this.standing = undefined;
  }

  take(): Fault<A> | undefined {
    return this.coming.shift() ?? this.standing;
  }
}
