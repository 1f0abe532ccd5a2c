import { LIMITS } from '@agent-messenger/contracts';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Percentiles } from './latencies';
import type { Load } from './loads';
import type { Member } from './member';
import type { System } from './system';

const WARM_UP_MS = 2_000;
/** Messages that make no progress for this long do not come any more. */
const GIVE_UP_MS = 10_000;

export interface PhaseResult {
  messages_per_s: number;
  ack_ms: Percentiles;
  delivery_ms: Percentiles;
  /** Sent in the measured time, acked and received. */
  counted: number;
  /** From here on the warm-up is included. Acked, never received. */
  lost: number;
  duplicates: number;
  out_of_order: number;
  /** Answered with an error, by code, or never (`no_answer`). */
  failures: Record<string, number>;
  /** Share of the measured time in which the load generator itself was busy. */
  generator_busy: number;
}

interface PhaseOptions {
  seconds: number;
  signal: AbortSignal;
  /** Told at the two ends of the measured time. */
  onBegin?(): void;
  onEnd?(): void;
}

/** Puts a load on a system, measures it after the warm-up, and waits until everything acked has been received. */
export async function runPhase(
  { members, latencies, broken }: System,
  load: Load,
  { seconds, signal, onBegin, onEnd }: PhaseOptions,
): Promise<PhaseResult> {
  const stop = AbortSignal.any([signal, broken]);
  stop.throwIfAborted();
  latencies.reset();
  for (const member of members) member.begin();
  const reports = setInterval(() => {
    for (const member of members) member.report();
  }, LIMITS.receivedAfterMs);
  const running = load(members);
  try {
    await pause(WARM_UP_MS, stop);
    for (const { outbox } of members) outbox.measure();
    onBegin?.();
    const start = performance.now();
    const busyBefore = performance.eventLoopUtilization();
    await pause(seconds * 1_000, stop);
    onEnd?.();
    running.stop();
    const measuredSeconds = (performance.now() - start) / 1_000;
    const busy = performance.eventLoopUtilization(busyBefore);
    await settle(members, stop);
    return {
      ...account(members, measuredSeconds),
      ack_ms: latencies.ackMs,
      delivery_ms: latencies.deliveryMs,
      generator_busy: busy.utilization,
    };
  } finally {
    running.stop();
    clearInterval(reports);
    for (const member of members) member.report();
  }
}

async function settle(members: readonly Member[], signal: AbortSignal): Promise<void> {
  const pending = (): number => sum(members, ({ outbox }) => outbox.unanswered + outbox.missing);
  let fewest = Infinity;
  let progressAt = performance.now();
  for (let now = progressAt; now - progressAt < GIVE_UP_MS; now = performance.now()) {
    const left = pending();
    if (left === 0) return;
    if (left < fewest) progressAt = now;
    fewest = Math.min(fewest, left);
    await pause(20, signal);
  }
}

function account(members: readonly Member[], seconds: number) {
  const counted = sum(members, ({ outbox }) => outbox.counted);
  const failures: Record<string, number> = {};
  for (const { outbox } of members) {
    const unanswered = outbox.unanswered > 0 ? [['no_answer', outbox.unanswered] as const] : [];
    for (const [code, count] of [...Object.entries(outbox.failures), ...unanswered]) {
      failures[code] = (failures[code] ?? 0) + count;
    }
  }
  return {
    messages_per_s: counted / seconds,
    counted,
    lost: sum(members, ({ outbox }) => outbox.missing),
    duplicates: sum(members, ({ inbox, outbox }) => inbox.duplicates + outbox.duplicates),
    out_of_order: sum(members, ({ inbox, outbox }) => inbox.outOfOrder + outbox.outOfOrder),
    failures,
  };
}

function sum(members: readonly Member[], of: (member: Member) => number): number {
  return members.reduce((total, member) => total + of(member), 0);
}

/** Rejects with the signal's reason. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
