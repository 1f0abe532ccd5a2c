import type { StoreFigures, StoreReport } from './run-store-bench';

const WIDTHS = [34, 14, 14];

/** A report for people. */
export function storeTable({ messages, store, node, cpus, ours, against }: StoreReport): string {
  const compared = against !== undefined;
  const rows = LINES.filter(([, of]) => of(ours) !== undefined).map(([name, of, show]) => {
    const [own, other] = [of(ours), against && of(against)];
    if (own === undefined) return [name];
    const ratio = other === undefined ? '' : (own / other).toFixed(2);
    return [name, show(own), ...(compared ? [other === undefined ? '' : show(other), ratio] : [])];
  });
  return [
    `${messages.toLocaleString('en')} messages of 200 bytes, ${store}; node ${node}, ${cpus} CPUs`,
    '',
    line(['', 'ours', ...(compared ? ['other build', 'ratio'] : [])]),
    ...rows.map(line),
    '',
  ].join('\n');
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString('en');
const ms = (value: number) => `${value.toFixed(1)} ms`;
const micros = (value: number) => `${Math.round(value)} µs`;

const LINES: [string, (figures: StoreFigures) => number | undefined, (value: number) => string][] =
  [
    ['durable appends/s, first tenth', ({ appends_per_s }) => appends_per_s[0], rate],
    ['durable appends/s, third tenth', ({ appends_per_s }) => appends_per_s[2], rate],
    ['durable appends/s, last tenth', ({ appends_per_s }) => appends_per_s.at(-1), rate],
    ['CPU a message, first tenth', ({ cpu_us }) => cpu_us[0], micros],
    ['CPU a message, last tenth', ({ cpu_us }) => cpu_us.at(-1), micros],
    ['bytes on disk a message', ({ bytes_per_message }) => bytes_per_message, rate],
    ['start with the store full', ({ start_ms }) => start_ms, ms],
    ['connect, of an agent in all of them', ({ connect_ms }) => connect_ms, ms],
    ['page of its listing', ({ listing_ms }) => listing_ms, ms],
    ['newest page of a conversation', ({ history_ms }) => history_ms, ms],
    ['backup, verified', ({ backup_s }) => backup_s, (s) => `${s.toFixed(1)} s`],
  ];

function line(cells: string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join(' ')
    .trimEnd();
}
