import {
  checkHistory,
  entriesOf,
  timeline,
  type Entry,
  type Violation,
} from '@agent-messenger/testkit';
import type { Language } from './agents/start-agent';
import type { FaultName } from './schedule';
import type { TransportChoice } from './transports';
import {
  acknowledgements,
  longestSend,
  recoveries,
  roundTrips,
  type FaultWindow,
} from './recovery';

/** A fault as it happened. */
export interface FaultRun {
  name: FaultName;
  detail: string;
  window: FaultWindow;
  /** Whether another one was under way for a part of it. */
  isOverlapped: boolean;
  /** Those that it could reach. */
  pairs: readonly { conversation: string; members: readonly string[] }[];
}

export interface FaultRow {
  fault: FaultName;
  times: number;
  /** How often another fault was under way at the same time. */
  overlapped: number;
  /** Pairs that noticed, of those that could, over all times. */
  hit: number;
  of: number;
  /** Of those that noticed. */
  median_ms: number | null;
  worst_ms: number | null;
  /** The longest that a send of a pair that it could reach waited for its ack. */
  send_ms: number | null;
}

export interface Report {
  seed: number;
  transport: TransportChoice;
  /** From the first fault to the last recovery. */
  seconds: number;
  /** Agents of pairs, by the SDK that they are written with. */
  agents: Record<Language, number>;
  counts: Record<
    'sends' | 'acks' | 'refused' | 'received' | 'streamed' | 'chosen' | 'connections',
    number
  >;
  faults: FaultRow[];
  violations: (Violation & { timeline: string[] })[];
}

/** More of them are mostly the same one again. */
const TIMELINES = 5;

/** @param broken rules that were broken while it ran */
export function makeReport(
  history: readonly Entry[],
  {
    seed,
    transport,
    runs,
    agents,
    languages,
    broken,
  }: {
    seed: number;
    transport: TransportChoice;
    runs: readonly FaultRun[];
    agents: ReadonlySet<string>;
    languages: readonly Language[];
    broken: readonly Violation[];
  },
): Report {
  const trips = roundTrips(history, agents);
  const acks = acknowledgements(history);
  const written = (language: Language) => languages.filter((each) => each === language).length;
  const names = [...new Set(runs.map(({ name }) => name))];
  const violations = [...broken, ...checkHistory(history)];
  return {
    seed,
    transport,
    seconds: Math.round(
      ((runs.at(-1)?.window.recovered ?? 0) - (runs[0]?.window.begin ?? 0)) / 1_000,
    ),
    agents: { typescript: written('typescript'), python: written('python') },
    counts: {
      sends: entriesOf(history, 'send').length,
      acks: entriesOf(history, 'ack').length,
      refused: entriesOf(history, 'refused').length,
      received: entriesOf(history, 'receive').length,
      streamed: new Set(entriesOf(history, 'stream').map(({ stream_id }) => stream_id)).size,
      chosen: entriesOf(history, 'answered').length,
      connections: entriesOf(history, 'connected').length,
    },
    faults: names.map((fault) => {
      const own = runs.filter(({ name }) => name === fault);
      const all = own.flatMap(({ window, pairs }) => recoveries(history, trips, window, pairs));
      const waits = all
        .filter(({ hit }) => hit)
        .map(({ ms }) => ms)
        .toSorted((a, b) => a - b);
      return {
        fault,
        times: own.length,
        overlapped: own.filter(({ isOverlapped }) => isOverlapped).length,
        hit: waits.length,
        of: all.length,
        median_ms: waits[Math.floor(waits.length / 2)] ?? null,
        worst_ms: waits.at(-1) ?? null,
        send_ms: own.reduce<number | null>((most, run) => {
          const longest = longestSend(acks, run);
          return longest === null ? most : Math.max(most ?? 0, longest);
        }, null),
      };
    }),
    violations: violations.map((violation, index) => ({
      ...violation,
      timeline: index < TIMELINES ? timeline(history, violation) : [],
    })),
  };
}
