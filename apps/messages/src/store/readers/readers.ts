import type { JsonAnswer } from '@agent-messenger/service-kit';
import type { ReadCall, ReadRequest, ReadResponse } from './read-calls';

/** Carries out reads, beside the writer or, for small stores, on its event loop. */
export interface Readers {
  /**
   * Sees everything that was committed before the call. Rejects with what the store refuses, `rate_limited` when too
   * much of this identity waits, and `unavailable` when too much waits at all, a thread ended, or this is closing.
   */
  run<N extends ReadCall>(call: N, request: ReadRequest<N>): Promise<JsonAnswer<ReadResponse<N>>>;
  /** Carries out work while no read is under way; reads that come meanwhile wait. */
  exclusive<T>(work: () => T): Promise<T>;
  /** How many wait. */
  waiting(): number;
  /** Answers what is under way, refuses what waits. */
  close(): Promise<void>;
}
