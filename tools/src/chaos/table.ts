import type { Report } from './report';

const WIDTHS = [16, 8, 12, 14, 12, 10, 10];

/** A report for people. */
export function table(report: Report): string {
  const { seed, transport, seconds, agents, counts, faults, violations } = report;
  const rows = faults.map(({ fault, times, overlapped, hit, of, ...waited }) => [
    fault,
    `${times}`,
    `${overlapped}`,
    `${hit} of ${of}`,
    duration(waited.median_ms),
    duration(waited.worst_ms),
    duration(waited.send_ms),
  ]);
  return [
    `seed ${seed}, transport ${transport}, ${seconds} s of faults`,
    `agents: ${agents.typescript} in TypeScript, ${agents.python} in Python`,
    Object.entries(counts)
      .map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
      .join(', '),
    '',
    line(['fault', 'times', 'overlapped', 'pairs hit', 'median', 'worst', 'send']),
    ...rows.map(line),
    '',
    'Hit: lost a connection, or waited more than a second for an answer. Median and worst: the longest',
    'that a message of a hit pair waited for its answer, counted from the beginning of the fault. What',
    'happened while two faults overlapped counts for both. Send: the longest that one waited for its ack.',
    '',
    violations.length === 0 ? 'No rule was broken.' : `BROKEN: ${violations.length}`,
    '',
  ].join('\n');
}

/** What was broken, by whom, and what happened around it. */
export function failures({ seed, violations }: Report): string {
  return violations
    .flatMap(({ rule, message, about, at, timeline }) => [
      `${rule}: ${message}`,
      `  seed ${seed}, ${about}, at ${(at / 1_000).toFixed(3)} s`,
      ...timeline.map((each) => `  ${each}`),
    ])
    .join('\n');
}

function duration(ms: number | null): string {
  return ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`;
}

function line(cells: string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('')
    .trimEnd();
}
