import type { Percentiles } from './latencies';
import type { Transport } from './link';
import type { PhaseResult } from './run-phase';
import type { System } from './system';

export interface RunResult {
  system: System['name'];
  saturation: PhaseResult;
  steady: PhaseResult;
}

export interface Report {
  pairs: number;
  gateways: number;
  transport: Transport;
  seconds: number;
  node: string;
  cpus: number;
  /** Medians over the runs; the counts of what went wrong are sums. */
  ours: Omit<RunResult, 'system'>;
  baseline?: Omit<RunResult, 'system'>;
  /** What the baseline is. */
  beside?: Exclude<System['name'], 'ours'>;
  /** Ours to baseline, messages/s at saturation: median over adjacent runs. */
  ratio?: number;
  runs: RunResult[];
}

export type Setting = Pick<
  Report,
  'pairs' | 'gateways' | 'transport' | 'seconds' | 'node' | 'cpus'
>;

export function makeReport(setting: Setting, runs: RunResult[]): Report {
  const ours = runs.filter(({ system }) => system === 'ours');
  const baseline = runs.filter(({ system }) => system !== 'ours');
  const beside = baseline[0]?.system;
  if (beside === undefined || beside === 'ours') return { ...setting, ours: medianRun(ours), runs };
  const ratios = ours.map(
    ({ saturation }, index) =>
      saturation.messages_per_s / (baseline[index]?.saturation.messages_per_s ?? NaN),
  );
  return {
    ...setting,
    ours: medianRun(ours),
    baseline: medianRun(baseline),
    beside,
    ratio: median(ratios),
    runs,
  };
}

/** Whether every message arrived once, in order, and none was refused. */
export function isClean({ runs }: Report): boolean {
  return runs.every(({ saturation, steady }) =>
    [saturation, steady].every(
      ({ lost, duplicates, out_of_order, failures }) =>
        lost + duplicates + out_of_order + Object.keys(failures).length === 0,
    ),
  );
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? NaN;
  const high = sorted[Math.floor(middle)] ?? NaN;
  return (low + high) / 2;
}

function medianRun(runs: readonly RunResult[]): Omit<RunResult, 'system'> {
  return {
    saturation: medianPhase(runs.map(({ saturation }) => saturation)),
    steady: medianPhase(runs.map(({ steady }) => steady)),
  };
}

function medianPhase(phases: readonly PhaseResult[]): PhaseResult {
  const middle = (of: (phase: PhaseResult) => number): number => median(phases.map(of));
  const total = (of: (phase: PhaseResult) => number): number =>
    phases.reduce((sum, phase) => sum + of(phase), 0);
  const percentiles = (of: (phase: PhaseResult) => Percentiles): Percentiles => ({
    p50: middle((phase) => of(phase).p50),
    p95: middle((phase) => of(phase).p95),
    p99: middle((phase) => of(phase).p99),
  });
  const codes = new Set(phases.flatMap(({ failures }) => Object.keys(failures)));
  return {
    messages_per_s: middle(({ messages_per_s }) => messages_per_s),
    ack_ms: percentiles(({ ack_ms }) => ack_ms),
    delivery_ms: percentiles(({ delivery_ms }) => delivery_ms),
    counted: total(({ counted }) => counted),
    lost: total(({ lost }) => lost),
    duplicates: total(({ duplicates }) => duplicates),
    out_of_order: total(({ out_of_order }) => out_of_order),
    failures: Object.fromEntries(
      [...codes].map((code) => [code, total(({ failures }) => failures[code] ?? 0)]),
    ),
    generator_busy: middle(({ generator_busy }) => generator_busy),
  };
}
