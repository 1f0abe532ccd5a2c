import type { Violation } from '@agent-messenger/testkit';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeWorkFolder } from '../bench/work-folder';
import { LeaseWatch } from './lease-watch';
import type { ChaosOptions } from './options';
import { createRandom } from './random';
import { acknowledgements, longestSend } from './recovery';
import { makeReport, type FaultRun, type Report } from './report';
import { schedule } from './schedule';
import { settle } from './settle';
import { takeStep } from './take-step';
import {
  GATEWAYS,
  LEASE_TTL_MS,
  SLOW_CONSUMER_MS,
  startChaosSystem,
  type ChaosSystem,
} from './system';

const RIVALS = 2;

interface ChaosContext {
  signal: AbortSignal;
  /** Progress. */
  say: (line: string) => void;
}

/** Starts a stack, breaks it again and again, and says what became of the promises. */
export async function runChaos(options: ChaosOptions, context: ChaosContext): Promise<Report> {
  const { seed, pairs, transport, store, replicas, pgbouncer, faults, upgradeFrom } = options;
  const { signal, say } = context;
  const dataDir = makeWorkFolder('chaos');
  let report: Report | undefined;
  try {
    const setting = {
      dataDir,
      seed,
      pairs,
      rivals: RIVALS,
      transport,
      store,
      replicas,
      pgbouncer,
      faults,
      upgradeFrom,
      signal,
      say,
    };
    const system = await startChaosSystem(setting);
    try {
      report = await watchFaults(options, system, context);
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
  { seed, transport, minutes, faults, replicas }: ChaosOptions,
  system: ChaosSystem,
  { signal, say }: ChaosContext,
): Promise<Report> {
  const { recorder, stack, pairs, slow, rivals, languages } = system;
  const all = [...pairs, slow.pair];
  const agents = all.map(({ options }) => options.agent.log.identity);
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
      replicas,
      pairs: pairs.length,
      leaseTtlMs: LEASE_TTL_MS,
      slowConsumerMs: SLOW_CONSUMER_MS,
    });
    const runs: FaultRun[] = [];
    const broken: Violation[] = [];
    for (const step of planned) {
      if (step.round > 0 && recorder.now > minutes * 60_000) break;
      await delay(step.afterMs, undefined, { signal });
      const { runs: own, violations } = await takeStep(step, system);
      runs.push(...own);
      broken.push(...violations);
      const acks = acknowledgements(recorder.entries);
      own.forEach((run) => say(progressOf(run, longestSend(acks, run))));
      if (violations.length > 0) break;
    }
    say('waiting for everything to arrive …');
    await settle(system, leases);
    return makeReport(recorder.entries, {
      seed,
      transport,
      runs,
      agents: new Set(agents),
      languages,
      broken,
    });
  } finally {
    leases.close();
    for (const pair of all) pair.stop();
  }
}

/** A fault that ran while another one did is marked. */
function progressOf({ detail, isOverlapped, window }: FaultRun, longest: number | null): string {
  const { begin, end, recovered } = window;
  const what = isOverlapped ? `+ ${detail}` : detail;
  return `${seconds(begin)} s  ${what}: over after ${seconds(end - begin)} s, recovered after ${seconds(recovered - end)} s, a send waited for ${seconds(longest ?? 0)} s at most`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
