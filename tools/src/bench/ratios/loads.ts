import { connectPairs, type Pair } from '../connect-pairs';
import { Latencies } from '../latencies';
import { saturation, steady, type Load } from '../loads';
import { median } from '../report';
import { runPhase, type PhaseResult } from '../run-phase';
import { makePair, startBaselineServers } from '../start-baseline';
import type { BenchContext, System } from '../system';
import { startTarget } from '../target';
import { fsyncP99 } from './fsync';
import type { RatiosBenchOptions } from './options';
import { makePairs } from './people';
import type { Ratio, RowResult } from './rows';
import { usageOf, type Usage } from './usage';

interface Setting {
  pairs: number;
  load: Load;
}
const GATEWAYS = 2;
/** At a steady load V8 goes on compiling for the better part of a minute. */
const WARM_UP_S = 30;
const SETTINGS = {
  saturation: { pairs: 50, load: saturation(4) },
  load: { pairs: 50, load: steady(500) },
  quiet: { pairs: 500, load: steady(250) },
} satisfies Record<string, Setting>;
type LoadRow = keyof typeof SETTINGS;

interface Round extends PhaseResult {
  /** Of all services, a message. */
  cpuMs: number;
  /** The same of each. */
  cpuMsOf: Record<string, number>;
  writtenBytes: number;
  fsyncMs: number;
}
type Name = 'ours' | 'bare' | 'against';
type Measured = System & { pids: Record<string, number> };

/** Messages under one kind of load, in turns through this build, bare servers and another build. */
export async function measureLoads(
  row: LoadRow,
  options: RatiosBenchOptions,
  context: BenchContext,
): Promise<RowResult> {
  const { pairs, load } = SETTINGS[row];
  const systems = new Map<Name, Measured>();
  const rounds: Record<Name, Round[]> = { ours: [], bare: [], against: [] };
  try {
    systems.set('ours', await startBuild(pairs, context));
    systems.set('bare', await startBare(pairs, context));
    if (options.against !== undefined && row !== 'saturation') {
      systems.set('against', await startBuild(pairs, context, options.against));
    }
    // What is compiled meanwhile would cost a multiple in the first rounds.
    for (const [name, system] of systems) {
      context.say(`${name}: warming up …`);
      await runPhase(system, saturation(4), { seconds: WARM_UP_S, signal: context.signal });
    }
    for (let n = 0; n < options.rounds; n += 1) {
      for (const [name, system] of systems) {
        const round = await runRound(system, load, options, context);
        rounds[name].push(round);
        context.say(
          `${name}: ${Math.round(round.messages_per_s)}/s, p99 ${round.delivery_ms.p99.toFixed(1)} ms, ` +
            `${round.cpuMs.toFixed(3)} ms of a core a message: ${shares(round)}`,
        );
      }
    }
  } finally {
    for (const system of [...systems.values()].reverse()) await system.stop();
  }
  return {
    ratios: RATIOS[row](rounds),
    faults: (['ours', 'bare', 'against'] as const).flatMap((name) =>
      rounds[name].flatMap((round) => faultsOf(name, round)),
    ),
  };
}

async function runRound(
  system: Measured,
  load: Load,
  { seconds }: RatiosBenchOptions,
  { signal }: BenchContext,
): Promise<Round> {
  const usages = () => Object.values(system.pids).map((pid) => usageOf([pid]));
  let before = usages();
  let after = before;
  const phase = await runPhase(system, load, {
    ...{ seconds, signal },
    onBegin: () => (before = usages()),
    onEnd: () => (after = usages()),
  });
  const ofEach = (of: (usage: Usage) => number): number[] =>
    after.map((usage, n) => (of(usage) - of(before[n] ?? usage)) / phase.counted);
  const cpuMs = ofEach((usage) => usage.cpuSeconds * 1_000);
  return {
    ...phase,
    cpuMs: sum(cpuMs),
    cpuMsOf: Object.fromEntries(Object.keys(system.pids).map((name, n) => [name, cpuMs[n] ?? NaN])),
    writtenBytes: sum(ofEach((usage) => usage.writtenBytes)),
    fsyncMs: fsyncP99(),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function shares({ cpuMsOf }: Round): string {
  return Object.entries(cpuMsOf)
    .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
    .join(', ');
}

const RATIOS: Record<LoadRow, (rounds: Record<Name, Round[]>) => Ratio[]> = {
  saturation: (rounds) => [
    compare('durable messages/s ÷ bare Socket.IO', rounds, 'bare', {
      of: ({ messages_per_s }) => messages_per_s,
      show: (perSecond) => Math.round(perSecond).toLocaleString('en'),
      aim: { least: 1 },
    }),
    compare('CPU of all services a message ÷ bare', rounds, 'bare', { ...CPU, aim: undefined }),
  ],
  load: (rounds) => {
    const fsync = median(rounds.ours.map(({ fsyncMs }) => fsyncMs));
    const bare = median(rounds.bare.map(p99));
    return [
      ...against(rounds, [
        ['CPU a message at 500/s ÷ other build', { ...CPU, aim: { most: 0.35 } }],
        ['bytes written a message ÷ other build', { ...WRITTEN, aim: { most: 0.3 } }],
        ['delivery p99 at 500/s ÷ other build', { ...P99, aim: undefined }],
      ]),
      compare('CPU a message at 500/s ÷ bare', rounds, 'bare', { ...CPU, aim: undefined }),
      {
        what: 'delivery p99 at 500/s, ms',
        ours: P99.show(median(rounds.ours.map(p99))),
        beside: `bare ${bare.toFixed(1)}, fsync ${fsync.toFixed(1)}`,
        value: median(rounds.ours.map(p99)),
        aim: { most: 1.5 * bare + 2 * fsync },
      },
    ];
  },
  quiet: (rounds) => [
    compare('CPU a message, 500 quiet pairs ÷ bare', rounds, 'bare', {
      ...CPU,
      aim: { most: 1.5 },
    }),
    ...against(rounds, [['the same ÷ other build', { ...CPU, aim: undefined }]]),
  ],
};

interface Figure {
  of(round: Round): number;
  show(value: number): string;
  aim: Ratio['aim'];
}

const p99 = ({ delivery_ms }: Round): number => delivery_ms.p99;
const CPU = {
  of: ({ cpuMs }: Round) => cpuMs,
  show: (ms: number) => `${ms.toFixed(3)} ms`,
};
const WRITTEN = {
  of: ({ writtenBytes }: Round) => writtenBytes,
  show: (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`,
};
const P99 = { of: p99, show: (ms: number) => `${ms.toFixed(1)} ms` };

/** Nothing when there is no other build. */
function against(rounds: Record<Name, Round[]>, figures: [string, Figure][]): Ratio[] {
  if (rounds.against.length === 0) return [];
  return figures.map(([what, figure]) => compare(what, rounds, 'against', figure));
}

function compare(
  what: string,
  rounds: Record<Name, Round[]>,
  beside: 'bare' | 'against',
  { of, show, aim }: Figure,
): Ratio {
  const [ours, others] = [rounds.ours.map(of), rounds[beside].map(of)];
  return {
    ...{ what, aim },
    ours: show(median(ours)),
    beside: show(median(others)),
    value: median(ours.map((value, n) => value / (others[n] ?? NaN))),
  };
}

function faultsOf(name: Name, { lost, duplicates, out_of_order, failures }: PhaseResult): string[] {
  const failed = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
  if (lost + duplicates + out_of_order === 0 && failed.length === 0) return [];
  return [
    `${name}: ${lost} lost, ${duplicates} doubled, ${out_of_order} out of order, refused: ${failed.join(', ') || 0}`,
  ];
}

async function startBuild(count: number, context: BenchContext, build?: string): Promise<Measured> {
  const target = await startTarget({ gateways: GATEWAYS, build }, context);
  try {
    const pairs = await makePairs(target.stack, count);
    const pids = target.stack.pids();
    return await connected('ours', { pairs, urls: target.urls, pids, stop: target.stop });
  } catch (error) {
    await target.stop();
    throw error;
  }
}

async function startBare(count: number, context: BenchContext): Promise<Measured> {
  const servers = await startBaselineServers(GATEWAYS, context);
  try {
    const pairs = Array.from({ length: count }, makePair);
    const all = [...servers.pids.servers, ...servers.pids.redis];
    const pids = Object.fromEntries(
      all.map((pid, n) => [n < GATEWAYS ? `server-${n + 1}` : 'redis', pid]),
    );
    return await connected('baseline', { pairs, urls: servers.urls, pids, stop: servers.stop });
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

async function connected(
  name: System['name'],
  {
    pairs,
    urls,
    pids,
    stop,
  }: { pairs: Pair[]; urls: string[]; pids: Record<string, number>; stop(): Promise<void> },
): Promise<Measured> {
  const latencies = new Latencies();
  const broken = new AbortController();
  const members = await connectPairs(pairs, {
    ...{ urls, latencies, transport: 'socket.io', hasLog: name === 'ours' },
    onEnd: (reason) => broken.abort(new Error(`a connection ended: ${reason}`)),
  });
  return {
    ...{ name, members, latencies, pids, broken: broken.signal },
    stop: async () => {
      for (const member of members) member.close();
      await stop();
    },
  };
}
