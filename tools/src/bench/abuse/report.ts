import type { PhaseResult } from '../run-phase';
import type { Tally } from './greedy-process';
import type { KeptMemory } from '../kept-memory';
import { mostGrown, type Memory } from './memory';

const MIB = 1024 * 1024;
const MOST_BYTES = 128 * MIB;
const BACK_WITHIN_BYTES = 32 * MIB;
const P99_FACTOR = 3;
const P99_MORE_MS = 50;

export interface AbuseRow {
  name: string;
  does: string;
  others: PhaseResult;
  /** During it, some time after, and then without the garbage. */
  memory: { most: Memory; after: Memory; kept: Record<string, KeptMemory> };
  answered: Tally;
  /** Processes that ended meanwhile. */
  ended: string[];
}

export interface AbuseReport {
  seconds: number;
  quiet: PhaseResult;
  /** The most that each process had while the pairs were alone, and what of it was no garbage. */
  memory: { most: Memory; kept: Record<string, KeptMemory> };
  rows: AbuseRow[];
  /** Those that could not be measured. */
  failed: { name: string; reason: string }[];
}

/** What of a row is beyond its bounds. */
export function excesses({ quiet, memory }: AbuseReport, row: AbuseRow): string[] {
  const { others, ended } = row;
  const most = mostGrown(memory.most, row.memory.most);
  const kept = mostGrown(rssOf(memory.kept), rssOf(row.memory.kept));
  const refused = Object.keys(others.failures);
  const { lost, duplicates, out_of_order } = others;
  return [
    ...(others.ack_ms.p99 > p99Bound(quiet) ? ['p99'] : []),
    ...(most.bytes > MOST_BYTES ? ['memory'] : []),
    ...(kept.bytes > BACK_WITHIN_BYTES ? ['memory kept'] : []),
    ...ended.map((name) => `${name} ended`),
    ...refused.map((code) => `others: ${code}`),
    ...(lost + duplicates + out_of_order > 0 ? ['others: lost or doubled'] : []),
  ];
}

export function verdict(report: AbuseReport, row: AbuseRow): string {
  return excesses(report, row).join(', ') || 'ok';
}

/** A report for people. */
export function abuseTable(report: AbuseReport): string {
  const { quiet, memory, seconds, rows } = report;
  const cells = rows.map((row) => [
    row.name,
    row.others.ack_ms.p99.toFixed(1),
    growth(memory.most, row.memory.most),
    growth(memory.most, row.memory.after),
    growth(rssOf(memory.kept), rssOf(row.memory.kept)),
    growth(usedOf(memory.kept), usedOf(row.memory.kept)),
    Object.entries(row.answered)
      .map(([answer, count]) => `${count} × ${answer}`)
      .join('; ') || 'no round ended',
    verdict(report, row),
  ]);
  const table = [
    ['greedy peer', 'p99 ms', 'most', 'after', 'kept', 'in use', 'answered', 'bounds'],
    ...cells,
  ];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const good = rows.filter((row) => excesses(report, row).length === 0).length;
  const p99 = quiet.ack_ms.p99.toFixed(1);
  return [
    `50 pairs at 200 messages/s, ${seconds} s each; quiet: ack p99 ${p99} ms; bound ${p99Bound(quiet).toFixed(1)} ms`,
    'Memory: MiB above quiet, of the process that has grown most: resident at most, resident afterwards, resident after a',
    'full garbage collection (kept), and of that what is in use in the heaps and buffers of JavaScript.',
    '',
    ...table.map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths?.[n] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...report.failed.map(({ name, reason }) => `${name}: not measured: ${reason}`),
    '',
    `${good} of ${rows.length + report.failed.length} within their bounds`,
    '',
  ].join('\n');
}

function p99Bound({ ack_ms }: PhaseResult): number {
  return P99_FACTOR * ack_ms.p99 + P99_MORE_MS;
}

function rssOf(kept: Record<string, KeptMemory>): Memory {
  return Object.fromEntries(Object.entries(kept).map(([name, { rss }]) => [name, rss]));
}

function usedOf(kept: Record<string, KeptMemory>): Memory {
  return Object.fromEntries(
    Object.entries(kept).map(([name, { threads }]) => [
      name,
      threads.reduce((total, { heapUsed, external }) => total + heapUsed + external, 0),
    ]),
  );
}

function growth(before: Memory, now: Memory): string {
  const { process, bytes } = mostGrown(before, now);
  return `${Math.round(bytes / MIB)} ${process}`;
}
