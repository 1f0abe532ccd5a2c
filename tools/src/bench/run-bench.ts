import { availableParallelism } from 'node:os';
import { saturation, steady } from './loads';
import type { BenchOptions } from './options';
import { makeReport, type Report, type RunResult } from './report';
import { runPhase } from './run-phase';
import { startBaseline } from './start-baseline';
import { startOurs } from './start-ours';
import type { BenchContext, System } from './system';

const UNACKED = 4;
const STEADY_PER_SECOND = 500;
const ALTERNATING_RUNS = 3;

/** Starts what is to be measured, measures it, stops it. */
export async function runBench(options: BenchOptions, context: BenchContext): Promise<Report> {
  const systems: System[] = [];
  const runs: RunResult[] = [];
  try {
    systems.push(await startOurs(options, context));
    if (options.besideSqlite) {
      const beside = await startOurs({ ...options, store: 'sqlite', replicas: 1 }, context);
      systems.push({ ...beside, name: 'sqlite' });
    }
    if (options.baseline) systems.push(await startBaseline(options, context));
    for (let n = 0; n < (systems.length > 1 ? ALTERNATING_RUNS : 1); n += 1) {
      for (const system of systems) runs.push(await run(system, options, context));
    }
  } finally {
    context.say('stopping …');
    for (const system of systems.reverse()) await system.stop();
  }
  const { pairs, gateways, transport, seconds } = options;
  const setting = { pairs, gateways, transport, seconds };
  return makeReport({ ...setting, node: process.version, cpus: availableParallelism() }, runs);
}

async function run(
  system: System,
  { seconds }: BenchOptions,
  { signal, say }: BenchContext,
): Promise<RunResult> {
  const atSaturation = await runPhase(system, saturation(UNACKED), { seconds, signal });
  say(`${system.name}: ${Math.round(atSaturation.messages_per_s)} messages/s at saturation`);
  const atSteadyRate = await runPhase(system, steady(STEADY_PER_SECOND), { seconds, signal });
  const { p99 } = atSteadyRate.delivery_ms;
  say(`${system.name}: delivery p99 ${p99.toFixed(1)} ms at ${STEADY_PER_SECOND}/s`);
  return { system: system.name, saturation: atSaturation, steady: atSteadyRate };
}
