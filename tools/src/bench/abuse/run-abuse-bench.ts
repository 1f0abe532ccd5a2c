import {
  ABUSE_ENVIRONMENT,
  fillStore,
  GREEDY_ADDRESS,
  type GreedyPeer,
} from '@agent-messenger/testkit';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { steady } from '../loads';
import { runPhase } from '../run-phase';
import { startPairs } from '../start-ours';
import type { BenchContext, System } from '../system';
import { startTarget } from '../target';
import { makeWorkFolder } from '../work-folder';
import { GreedyProcess } from './greedy-process';
import { keptBy, type KeptMemory } from '../kept-memory';
import { memoryOf, watchMemory } from './memory';
import type { AbuseBenchOptions } from './options';
import { verdict, type AbuseReport, type AbuseRow } from './report';

const PAIRS = 50;
const PER_SECOND = 200;
/** What people and agents of no row connect from. */
const OTHERS_ADDRESS = '127.0.0.1';
/** Until code is compiled and heaps have the size that this load needs. */
const WARM_UP_S = 30;

const SERVICES = ['messages', 'auth', 'push-worker', 'gateway-1'];

interface Ours extends System {
  target: Awaited<ReturnType<typeof startTarget>>;
  /** What each service keeps after a full garbage collection. */
  kept(): Promise<Record<string, KeptMemory>>;
}

/** Each greedy peer in turn, beside the same ordinary pairs. */
export async function runAbuseBench(
  { seconds, after, peers, cpuProf }: AbuseBenchOptions,
  context: BenchContext,
): Promise<AbuseReport> {
  const { say, signal } = context;
  const keptIn = makeWorkFolder();
  const target = await startTarget(
    { gateways: 1, keptIn, ...(cpuProf !== undefined && { cpuProf }) },
    context,
    ABUSE_ENVIRONMENT,
  );
  const pairs = await startPairs(target, { pairs: PAIRS, transport: 'socket.io' }, context);
  const ours: Ours = { ...pairs, target, kept: () => keptBy(target.stack, SERVICES, keptIn) };
  try {
    say('filling the store …');
    await fillStore({ url: target.urls[0] ?? '', admin: target.admin, address: OTHERS_ADDRESS });
    const quiet = await measureQuiet(ours, { seconds, signal });
    const report: AbuseReport = { seconds, ...quiet, rows: [], failed: [] };
    say(`quiet: ack p99 ${report.quiet.ack_ms.p99.toFixed(1)} ms`);
    for (const peer of peers) {
      try {
        const row = await runBeside(ours, peer, { seconds, after, signal });
        report.rows.push(row);
        say(`${peer.name}: p99 ${row.others.ack_ms.p99.toFixed(1)} ms; ${verdict(report, row)}`);
      } catch (error) {
        if (signal.aborted) throw error;
        report.failed.push({ name: peer.name, reason: String(error) });
        say(`${peer.name}: ${String(error)}`);
      }
    }
    return report;
  } finally {
    say('stopping …');
    await ours.stop();
    rmSync(keptIn, { recursive: true, force: true });
  }
}

/** What the ordinary pairs take when they are alone. */
async function measureQuiet(
  ours: Ours,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<Pick<AbuseReport, 'quiet' | 'memory'>> {
  const watched = watchMemory(ours.target.stack);
  try {
    await runPhase(ours, steady(PER_SECOND), { seconds: WARM_UP_S, signal });
    const quiet = await runPhase(ours, steady(PER_SECOND), { seconds, signal });
    return { quiet, memory: { most: watched(), kept: await ours.kept() } };
  } finally {
    watched();
  }
}

async function runBeside(
  ours: Ours,
  { name, does }: GreedyPeer,
  { seconds, after, signal }: { seconds: number; after: number; signal: AbortSignal },
): Promise<AbuseRow> {
  const { stack, urls, admin } = ours.target;
  const greedy = new GreedyProcess();
  try {
    await greedy.prepare(name, { url: urls[0] ?? '', admin, address: GREEDY_ADDRESS });
    const pids = stack.pids();
    const watched = watchMemory(stack);
    greedy.go();
    const others = await runPhase(ours, steady(PER_SECOND), { seconds, signal }).finally(watched);
    const most = watched();
    const answered = await greedy.stop();
    await delay(after * 1_000, undefined, { signal });
    const now = stack.pids();
    const ended = Object.keys(pids).filter((one) => pids[one] !== now[one]);
    return {
      name,
      does,
      others,
      memory: { most, after: memoryOf(stack), kept: await ours.kept() },
      answered,
      ended,
    };
  } finally {
    greedy.end();
  }
}
