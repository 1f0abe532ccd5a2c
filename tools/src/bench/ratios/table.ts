import { isMet, type Ratio } from './rows';
import type { RatiosReport } from './run-ratios-bench';

const WIDTHS = [52, 18, 26, 10, 10];

/** A report for people. */
export function ratiosTable({ ratios, faults, rounds, seconds, node, cpus }: RatiosReport): string {
  return [
    `medians of ${rounds} alternating rounds, ${seconds} s each under load; node ${node}, ${cpus} CPUs`,
    '',
    line(['', 'ours', 'beside', 'ratio', 'aim']),
    ...ratios.map((ratio) =>
      line([
        ratio.what,
        ratio.ours,
        ratio.beside,
        ratio.value.toFixed(ratio.value < 10 ? 2 : 0),
        aimOf(ratio),
      ]),
    ),
    ...(faults.length === 0 ? [] : ['', ...faults]),
    '',
  ].join('\n');
}

function aimOf(ratio: Ratio): string {
  const { aim } = ratio;
  if (!aim) return '';
  const text = 'most' in aim ? `≤ ${aim.most.toFixed(2)}` : `≥ ${aim.least.toLocaleString('en')}`;
  return isMet(ratio) ? text : `${text} missed`;
}

function line(cells: string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('')
    .trimEnd();
}
