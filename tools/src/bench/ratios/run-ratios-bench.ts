import { availableParallelism } from 'node:os';
import type { BenchContext } from '../system';
import { measureConnects } from './connects';
import { measureLoads } from './loads';
import { measureMemory } from './memory';
import type { RatiosBenchOptions } from './options';
import { measurePushes } from './pushes';
import type { Ratio, RowName, RowResult } from './rows';

export interface RatiosReport {
  rounds: number;
  seconds: number;
  node: string;
  cpus: number;
  ratios: Ratio[];
  faults: string[];
}

type Measure = (options: RatiosBenchOptions, context: BenchContext) => Promise<RowResult>;

const MEASURES: Record<RowName, Measure> = {
  saturation: (options, context) => measureLoads('saturation', options, context),
  load: (options, context) => measureLoads('load', options, context),
  quiet: (options, context) => measureLoads('quiet', options, context),
  push: measurePushes,
  memory: measureMemory,
  connects: measureConnects,
};

export async function runRatiosBench(
  options: RatiosBenchOptions,
  context: BenchContext,
): Promise<RatiosReport> {
  const results: RowResult[] = [];
  for (const row of options.rows) {
    context.say(`${row} …`);
    results.push(await MEASURES[row](options, context));
  }
  const { rounds, seconds } = options;
  return {
    ...{ rounds, seconds, node: process.version, cpus: availableParallelism() },
    ratios: results.flatMap(({ ratios }) => ratios),
    faults: results.flatMap(({ faults }) => faults),
  };
}
