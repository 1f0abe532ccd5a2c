import { availableParallelism } from 'node:os';
import type { BenchSurroundings } from '../system';
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

type Measure = (options: RatiosBenchOptions, around: BenchSurroundings) => Promise<RowResult>;

const MEASURES: Record<RowName, Measure> = {
  saturation: (options, around) => measureLoads('saturation', options, around),
  load: (options, around) => measureLoads('load', options, around),
  quiet: (options, around) => measureLoads('quiet', options, around),
  push: measurePushes,
  memory: measureMemory,
  connects: measureConnects,
};

export async function runRatiosBench(
  options: RatiosBenchOptions,
  around: BenchSurroundings,
): Promise<RatiosReport> {
  const results: RowResult[] = [];
  for (const row of options.rows) {
    around.say(`${row} …`);
    results.push(await MEASURES[row](options, around));
  }
  const { rounds, seconds } = options;
  return {
    ...{ rounds, seconds, node: process.version, cpus: availableParallelism() },
    ratios: results.flatMap(({ ratios }) => ratios),
    faults: results.flatMap(({ faults }) => faults),
  };
}
