import { waitFor, type Violation } from '@agent-messenger/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import { inject, killedBy } from './inject';
import type { Pair } from './pair';
import type { FaultRun } from './report';
import { describeFault, type Fault, type Step } from './schedule';
import type { ChaosSystem } from './system';

const RECOVERY_MS = 60_000;

/** A fault that was injected and healed, ms since the run began. */
interface Span {
  fault: Fault;
  begin: number;
  end: number;
}

/** One fault, or two at the same time, and the recovery from all of it. */
export async function takeStep(
  { fault, meanwhile }: Step,
  system: ChaosSystem,
): Promise<{ runs: FaultRun[]; violations: Violation[] }> {
  const { recorder, signal } = system;
  const breaks = [breakAndHeal(fault, system)];
  if (meanwhile) {
    const begun = delay(meanwhile.afterMs, undefined, { signal });
    breaks.push(begun.then(() => breakAndHeal(meanwhile.fault, system)));
  }
  const spans = await Promise.all(breaks);
  const healed = Math.max(...spans.map(({ end }) => end));
  const reached = [...new Set(spans.flatMap((span) => within(span.fault, system)))];
  const isBack = (pair: Pair) => pair.answeredSentAt > healed;
  await waitFor(() => reached.every(isBack), { timeoutMs: RECOVERY_MS }).catch(() => undefined);
  const recovered = recorder.now;
  const detail = spans.map((span) => describeFault(span.fault)).join(' with ');
  return {
    runs: spans.map((span) => ({
      detail: describeFault(span.fault),
      name: span.fault.name,
      window: { begin: span.begin, end: span.end, recovered },
      isOverlapped: spans.some((other) => other !== span && overlap(span, other)),
      pairs: within(span.fault, system).map(({ options }) => ({
        conversation: options.conversation,
        members: [options.person, options.agent.log.identity],
      })),
    })),
    violations: reached
      .filter((pair) => !isBack(pair))
      .map(({ options }) => ({
        rule: 'everybody recovers',
        message: `${options.name} had no answer within ${RECOVERY_MS / 1_000} s after ${detail}`,
        about: options.conversation,
        at: recovered,
      })),
  };
}

async function breakAndHeal(fault: Fault, system: ChaosSystem): Promise<Span> {
  const { recorder } = system;
  const about = { type: 'fault', name: fault.name, detail: describeFault(fault) } as const;
  const begin = recorder.now;
  recorder.record({ ...about, phase: 'begin' });
  await inject(fault, system);
  const end = recorder.now;
  recorder.record({ ...about, phase: 'end' });
  return { fault, begin, end };
}

/** The pairs that a fault is aimed at. */
function within(fault: Fault, system: ChaosSystem): Pair[] {
  const { pairs, slow } = system;
  if (fault.name === 'kill-agents') return killedBy(fault, system);
  if (fault.name === 'slow-reader') return [slow.pair];
  if (fault.name === 'take-over') return pairs.slice(fault.pair, fault.pair + 1);
  return pairs;
}

function overlap(one: Span, other: Span): boolean {
  return one.begin < other.end && other.begin < one.end;
}
