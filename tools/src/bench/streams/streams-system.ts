import type { Latencies } from '../latencies';
import type { Reader } from './reader';
import type { TokenClock } from './token-clock';

/** One agent that writes to one person. */
export interface Lane {
  open(clock: TokenClock, reader: Reader): Promise<void>;
  /** Tokens up to this one are there. */
  advance(tokens: number): void;
  /** Resolves when the server has taken the end. */
  end(): Promise<void>;
  /** The person's connection reads nothing until `resume`. */
  pause(): void;
  resume(): void;
}

export interface StreamsSystem {
  name: 'ours' | 'baseline';
  lanes: readonly Lane[];
  latencies: Latencies;
  /** Of the processes whose work is measured: gateways or their like, and Redis. */
  pids: { servers: readonly number[]; redis: readonly number[] };
  stop(): Promise<void>;
}
