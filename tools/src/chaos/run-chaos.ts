import { waitFor, type Violation } from '@agent-messenger/testkit';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeWorkFolder } from '../bench/work-folder';
import { inject } from './inject';
import { LeaseWatch } from './lease-watch';
import type { ChaosOptions } from './options';
import type { Pair } from './pair';
import { createRandom } from './random';
import { makeReport, type FaultRun, type Report } from './report';
import { describeFault, schedule, type Fault } from './schedule';
import { settle } from './settle';
import {
  GATEWAYS,
  LEASE_TTL_MS,
  SLOW_CONSUMER_MS,
  startChaosSystem,
  type ChaosSystem,
} from './system';

const RIVALS = 2;
const RECOVERY_MS = 60_000;

interface Surroundings {
  signal: AbortSignal;
  /** Progress. */
  say: (line: string) => void;
}

/** Starts a stack, breaks it again and again, and says what became of the promises. */
export async function runChaos(options: ChaosOptions, around: Surroundings): Promise<Report> {
  const { seed, pairs, transport } = options;
  const { signal, say } = around;
  const dataDir = makeWorkFolder('chaos');
  let report: Report | undefined;
  try {
    const setting = { dataDir, seed, pairs, rivals: RIVALS, transport, signal, say };
    const system = await startChaosSystem(setting);
    try {
      report = await watchFaults(options, system, around);
      if (report.violations.length > 0) keep(dataDir, system);
    } finally {
      say('stopping …');
      await system.stop();
    }
    return report;
  } finally {
    if (report?.violations.length === 0 || signal.aborted)
      rmSync(dataDir, { recursive: true, force: true });
    else say(`logs, data and the history are in ${dataDir}`);
  }
}

function keep(dataDir: string, { recorder }: ChaosSystem): void {
  const lines = recorder.entries.map((entry) => `${JSON.stringify(entry)}\n`);
  writeFileSync(join(dataDir, 'history.jsonl'), lines.join(''));
}

async function watchFaults(
  { seed, transport, minutes, faults }: ChaosOptions,
  system: ChaosSystem,
  { signal, say }: Surroundings,
): Promise<Report> {
  const { recorder, stack, pairs, slow, rivals } = system;
  const all = [...pairs, slow.pair];
  const agents = all.map(({ options }) => options.responder.identity);
  const people = all.map(({ options }) => options.person);
  const rivalIds = rivals.map(({ identity }) => identity);
  const leases = new LeaseWatch(stack, [...agents, ...people, ...rivalIds], recorder);
  try {
    for (const pair of all) pair.start();
    for (const rival of rivals) rival.start();
    const planned = schedule({
      random: createRandom(seed),
      faults,
      gateways: GATEWAYS,
      pairs: pairs.length,
      leaseTtlMs: LEASE_TTL_MS,
      slowConsumerMs: SLOW_CONSUMER_MS,
    });
    const runs: FaultRun[] = [];
    const broken: Violation[] = [];
    for (const { afterMs, round, fault } of planned) {
      if (round > 0 && recorder.now > minutes * 60_000) break;
      await delay(afterMs, undefined, { signal });
      const { run, violations } = await oneFault(fault, system);
      runs.push(run);
      broken.push(...violations);
      const { begin, end, recovered } = run.window;
      say(
        `${seconds(begin)} s  ${describeFault(fault)}: over after ${seconds(end - begin)} s, recovered after ${seconds(recovered - end)} s`,
      );
      if (violations.length > 0) break;
    }
    say('waiting for everything to arrive …');
    await settle(system, leases);
    return makeReport(recorder.entries, {
      seed,
      transport,
      runs,
      agents: new Set(agents),
      broken,
    });
  } finally {
    leases.close();
    for (const pair of all) pair.stop();
  }
}

async function oneFault(
  fault: Fault,
  system: ChaosSystem,
): Promise<{ run: FaultRun; violations: Violation[] }> {
  const { recorder } = system;
  const { name } = fault;
  const reached = within(fault, system);
  const detail = describeFault(fault);
  const begin = recorder.now;
  recorder.record({ type: 'fault', name, phase: 'begin', detail });
  await inject(fault, system);
  const end = recorder.now;
  recorder.record({ type: 'fault', name, phase: 'end', detail });
  const isBack = (pair: Pair) => pair.answeredSentAt > end;
  await waitFor(() => reached.every(isBack), { timeoutMs: RECOVERY_MS }).catch(() => undefined);
  const recovered = recorder.now;
  const violations = reached
    .filter((pair) => !isBack(pair))
    .map(({ options }) => ({
      rule: 'everybody recovers',
      message: `${options.name} had no answer within ${RECOVERY_MS / 1_000} s after ${detail}`,
      about: options.conversation,
      at: recovered,
    }));
  const pairs = reached.map(({ options: { conversation, person, responder } }) => ({
    conversation,
    members: [person, responder.identity],
  }));
  return { run: { name, window: { begin, end, recovered }, pairs }, violations };
}

/** The pairs that a fault is aimed at. */
function within(fault: Fault, { pairs, slow }: ChaosSystem): Pair[] {
  if (fault.name === 'slow-reader') return [slow.pair];
  if (fault.name === 'take-over') return pairs.slice(fault.pair, fault.pair + 1);
  return pairs;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
