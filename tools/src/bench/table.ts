import type { Percentiles } from './latencies';
import type { PhaseResult } from './run-phase';
import type { Report } from './report';

const WIDTHS = [28, 24, 24];

/** A report for people. */
export function table(report: Report): string {
  const {
    ours,
    baseline,
    beside = 'baseline',
    ratio,
    pairs,
    gateways,
    transport,
    seconds,
    node,
    cpus,
    runs,
  } = report;
  const rows = (['saturation', 'steady'] as const).flatMap((phase) => [
    [],
    [phase === 'saturation' ? 'At saturation' : 'At 500 messages/s'],
    ...lines.map(([name, of]) => [
      `  ${name}`,
      of(ours[phase]),
      ...(baseline ? [of(baseline[phase])] : []),
    ]),
  ]);
  const times = runs.length > 1 ? `, medians of ${runs.length / 2} alternating runs` : '';
  return [
    `${pairs} pairs by ${transport}, ${gateways} gateway(s), ${seconds} s each${times}; node ${node}, ${cpus} CPUs`,
    '',
    line(['', 'ours', ...(baseline ? [beside] : [])]),
    ...rows.map(line),
    ...(ratio === undefined ? [] : ['', `ours / ${beside} at saturation: ${ratio.toFixed(2)}`]),
    '',
  ].join('\n');
}

const lines: [string, (phase: PhaseResult) => string][] = [
  ['durable messages/s', (phase) => Math.round(phase.messages_per_s).toLocaleString('en')],
  ['ack ms p50/p95/p99', ({ ack_ms }) => milliseconds(ack_ms)],
  ['delivery ms p50/p95/p99', ({ delivery_ms }) => milliseconds(delivery_ms)],
  ['counted', ({ counted }) => counted.toLocaleString('en')],
  [
    'lost/doubled/out of order',
    ({ lost, duplicates, out_of_order }) => `${lost} / ${duplicates} / ${out_of_order}`,
  ],
  ['failed', ({ failures }) => failed(failures)],
  ['load generator busy', ({ generator_busy }) => `${Math.round(generator_busy * 100)} %`],
];

function failed(failures: Record<string, number>): string {
  const entries = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
  return entries.length === 0 ? '0' : entries.join(', ');
}

function milliseconds({ p50, p95, p99 }: Percentiles): string {
  return [p50, p95, p99].map((ms) => ms.toFixed(1)).join(' / ');
}

function line(cells: string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('')
    .trimEnd();
}
