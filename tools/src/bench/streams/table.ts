import type { RoundResult } from './run-round';
import type { StreamsReport } from './run-streams-bench';

/** A report for people. */
export function streamsTable(report: StreamsReport): string {
  const { streams, rate, seconds, gateways, node, cpus, ours, baseline, cpu_ratio, answer } =
    report;
  const columns = [ours, ...(baseline ? [baseline] : [])];
  const row = (name: string, of: (round: RoundResult) => string): string =>
    (name.padEnd(40) + columns.map((column) => of(column).padEnd(24)).join('')).trimEnd();
  return [
    `${streams} streams of ${rate} tokens/s, ${gateways} gateways, ${seconds} s each; node ${node}, ${cpus} CPUs`,
    '',
    row('', ({ system }) => system),
    row('token to reader ms p50/p95/p99', ({ latency_ms: { p50, p95, p99 } }) =>
      [p50, p95, p99].map((ms) => ms.toFixed(1)).join(' / '),
    ),
    row('core ms of 1,000 tokens / of it Redis', (round) =>
      [round.cpu_ms_per_1000_tokens, round.redis_ms_per_1000_tokens]
        .map((ms) => ms.toFixed(1))
        .join(' / '),
    ),
    row('out of order or doubled / not whole', (round) => `${round.faults} / ${round.not_whole}`),
    ...(cpu_ratio === undefined
      ? []
      : ['', `CPU of a token, ours / baseline: ${cpu_ratio.toFixed(2)}`]),
    '',
    `An answer of 1,500 words: ${answer.commits.toFixed(2)} commits, ${answer.bytes_per_byte.toFixed(2)} bytes on disk for each of its text`,
    '',
  ].join('\n');
}
