export interface Figure {
  name: string;
  value: number;
  unit: 'kB' | 'MB' | 'ms' | 'frames/s' | '%' | 'nodes' | 'requests' | 'messages';
  aim?: Aim;
}

/** Of a figure. */
export interface Aim {
  least?: number;
  most?: number;
  /** It is of the program, not of the machine: missed, it is a fault. */
  isFirm?: boolean;
}

export interface WebReport {
  node: string;
  chromium: string;
  cpus: number;
  /** Of the machine, over the last minute, when the bench began: what else it did. */
  load: number;
  figures: Figure[];
}

export function isMissed({ value, aim }: Figure): boolean {
  return value < (aim?.least ?? -Infinity) || value > (aim?.most ?? Infinity);
}

/** The names of those that are missed, whatever the machine. */
export function faults({ figures }: WebReport): string[] {
  return figures
    .filter((figure) => figure.aim?.isFirm === true && isMissed(figure))
    .map(({ name }) => name);
}

/** A report for people. */
export function webTable({ node, chromium, cpus, load, figures }: WebReport): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${figure.value.toLocaleString('en', { maximumFractionDigits: 1 })} ${figure.unit}`,
    aimText(figure),
  ]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return [
    `Chromium ${chromium}; node ${node}, ${cpus} CPUs, load ${load.toFixed(1)} at the beginning`,
    '',
    ...rows.map(([name = '', value = '', aim = '']) =>
      `${name.padEnd(width(0))}  ${value.padStart(width(1))}  ${aim}`.trimEnd(),
    ),
    '',
  ].join('\n');
}

function aimText(figure: Figure): string {
  const { aim } = figure;
  if (!aim) return '';
  const bound = aim.least === undefined ? `at most ${aim.most}` : `at least ${aim.least}`;
  return `${bound}${isMissed(figure) ? ': missed' : ''}`;
}
