import { waitFor } from '@agent-messenger/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import type { Percentiles } from '../latencies';
import { cpuSeconds } from './cpu-seconds';
import type { StreamsBenchOptions } from './options';
import { Reader } from './reader';
import type { StreamsSystem } from './streams-system';
import { TokenClock } from './token-clock';

export interface RoundResult {
  system: StreamsSystem['name'];
  latency_ms: Percentiles;
  /** Core milliseconds of the measured processes. */
  cpu_ms_per_1000_tokens: number;
  /** Of them, those of Redis. */
  redis_ms_per_1000_tokens: number;
  /** Of the readers that keep up and the slow one. */
  faults: number;
  not_whole: number;
}

/** Of each round, before it is measured. */
const WARM_UP_MS = 2_000;
const TICK_MS = 1;
/** Of each second, how long the slow reader reads. */
const READS_MS = 50;

/** All streams of a system once, from their start to their end. */
export async function runRound(
  { name, lanes, latencies, pids }: StreamsSystem,
  { rate, seconds }: Pick<StreamsBenchOptions, 'rate' | 'seconds'>,
  signal: AbortSignal,
): Promise<RoundResult> {
  const intervalMs = 1_000 / rate;
  const total = Math.round((rate * (WARM_UP_MS + seconds * 1_000)) / 1_000);
  const from = performance.now() + 500;
  latencies.reset();
  const streams = await Promise.all(
    lanes.map(async (lane, index) => {
      const clock = new TokenClock(from + (index * intervalMs) / lanes.length, intervalMs, total);
      const reader = new Reader(clock, index === 0 ? undefined : latencies);
      await lane.open(clock, reader);
      return { lane, clock, reader };
    }),
  );
  const writing = setInterval(() => {
    const now = performance.now();
    for (const { lane, clock } of streams) lane.advance(clock.due(now));
  }, TICK_MS);
  const usage = () => ({ servers: cpuSeconds(pids.servers), redis: cpuSeconds(pids.redis) });
  const slow = lanes[0];
  const reading = setInterval(() => {
    slow?.resume();
    setTimeout(() => slow?.pause(), READS_MS);
  }, 1_000);
  slow?.pause();
  try {
    await delay(from + WARM_UP_MS - performance.now(), undefined, { signal });
    for (const { reader } of streams) reader.measure();
    const before = usage();
    await delay(seconds * 1_000, undefined, { signal });
    const after = usage();
    const perThousand = (cpu: number): number =>
      (cpu * 1_000_000) / (lanes.length * rate * seconds);
    const redis = perThousand(after.redis - before.redis);
    await delay(2 * intervalMs, undefined, { signal });
    clearInterval(writing);
    clearInterval(reading);
    slow?.resume();
    // What does not become whole is told in the report.
    await waitFor(() => streams.every(({ reader }) => reader.isWhole)).catch(() => undefined);
    await Promise.all(lanes.map((lane) => lane.end()));
    return {
      system: name,
      latency_ms: latencies.deliveryMs,
      cpu_ms_per_1000_tokens: redis + perThousand(after.servers - before.servers),
      redis_ms_per_1000_tokens: redis,
      faults: streams.reduce((sum, { reader }) => sum + reader.faults, 0),
      not_whole: streams.filter(({ reader }) => !reader.isWhole).length,
    };
  } finally {
    clearInterval(writing);
    clearInterval(reading);
    slow?.resume();
  }
}
