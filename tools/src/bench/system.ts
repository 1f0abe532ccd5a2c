import type { Latencies } from './latencies';
import type { Member } from './member';

/** Something to measure: servers that run, and the members that are connected to them in pairs. */
export interface System {
  name: 'ours' | 'baseline' | 'sqlite';
  members: readonly Member[];
  latencies: Latencies;
  /** Aborted when it cannot be measured any more; the reason says why. */
  broken: AbortSignal;
  stop(): Promise<void>;
}

/** What a bench gets of the process that runs it. */
export interface BenchContext {
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** Progress. */
  say: (line: string) => void;
}
