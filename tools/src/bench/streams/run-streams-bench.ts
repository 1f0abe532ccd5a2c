import { availableParallelism } from 'node:os';
import { median } from '../report';
import type { BenchContext } from '../system';
import { measureAnswerCost, type AnswerCost } from './answer-cost';
import { startBaselineStreams } from './baseline-lanes';
import type { StreamsBenchOptions } from './options';
import { startOurStreams } from './our-lanes';
import { runRound, type RoundResult } from './run-round';

export interface StreamsReport {
  streams: number;
  rate: number;
  seconds: number;
  gateways: number;
  node: string;
  cpus: number;
  /** Medians over the rounds; what went wrong are sums. */
  ours: RoundResult;
  baseline?: RoundResult;
  /** Ours to baseline, CPU of a token: median over adjacent rounds. */
  cpu_ratio?: number;
  answer: AnswerCost;
}

/** Starts what is to be measured, measures it in turns, stops it. */
export async function runStreamsBench(
  options: StreamsBenchOptions,
  context: BenchContext,
): Promise<StreamsReport> {
  const stops: (() => Promise<void>)[] = [];
  try {
    const ours = await startOurStreams(options, context);
    stops.push(ours.stop);
    const baseline = options.baseline ? await startBaselineStreams(options, context) : undefined;
    if (baseline) stops.push(baseline.stop);
    const rounds = { ours: [] as RoundResult[], baseline: [] as RoundResult[] };
    const systems = [ours, ...(baseline ? [baseline] : [])];
    // Costs of a server that has run for a while: compiling its code would count several times as much as running it.
    for (const system of systems) {
      context.say(`${system.name}: ${options.warmUp} s that do not count …`);
      await runRound(system, { rate: options.rate, seconds: options.warmUp }, context.signal);
    }
    for (let n = 0; n < options.rounds; n += 1) {
      for (const system of systems) {
        const round = await runRound(system, options, context.signal);
        context.say(
          `${round.system}: p99 ${round.latency_ms.p99.toFixed(1)} ms, ` +
            `${round.cpu_ms_per_1000_tokens.toFixed(1)} ms of a core for 1,000 tokens`,
        );
        rounds[system.name].push(round);
      }
    }
    const answer = await measureAnswerCost(ours);
    const { streams, rate, seconds, gateways } = options;
    return {
      ...{ streams, rate, seconds, gateways, node: process.version, cpus: availableParallelism() },
      ours: medianRound(rounds.ours),
      ...(baseline && {
        baseline: medianRound(rounds.baseline),
        cpu_ratio: median(
          rounds.ours.map(
            ({ cpu_ms_per_1000_tokens: cpu }, n) =>
              cpu / (rounds.baseline[n]?.cpu_ms_per_1000_tokens ?? NaN),
          ),
        ),
      }),
      answer,
    };
  } finally {
    context.say('stopping …');
    for (const stop of stops.reverse()) await stop();
  }
}

/** Whether every text arrived whole, each token once and in order. */
export function streamsAreClean({ ours, baseline }: StreamsReport): boolean {
  return [ours, ...(baseline ? [baseline] : [])].every(
    ({ faults, not_whole }) => faults + not_whole === 0,
  );
}

function medianRound(rounds: readonly RoundResult[]): RoundResult {
  const middle = (of: (round: RoundResult) => number): number => median(rounds.map(of));
  const total = (of: (round: RoundResult) => number): number =>
    rounds.reduce((sum, round) => sum + of(round), 0);
  return {
    system: rounds[0]?.system ?? 'ours',
    latency_ms: {
      p50: middle(({ latency_ms }) => latency_ms.p50),
      p95: middle(({ latency_ms }) => latency_ms.p95),
      p99: middle(({ latency_ms }) => latency_ms.p99),
    },
    cpu_ms_per_1000_tokens: middle(({ cpu_ms_per_1000_tokens }) => cpu_ms_per_1000_tokens),
    redis_ms_per_1000_tokens: middle(({ redis_ms_per_1000_tokens }) => redis_ms_per_1000_tokens),
    faults: total(({ faults }) => faults),
    not_whole: total(({ not_whole }) => not_whole),
  };
}
