import { findRoot } from '@agent-messenger/testkit';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What each row says in each column. */
export type Table = Record<string, Record<string, string>>;

/** The table below a heading of docs/security.md, its cells without their markup. */
export function documentedTable(heading: string): Table {
  const text = readFileSync(join(findRoot(), 'docs', 'security.md'), 'utf8');
  const section = text.split(`### ${heading}\n`)[1]?.split(/\n#/)[0] ?? '';
  const [head = [], , ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(cellsOf);
  return Object.fromEntries(
    rows.map(([name = '', ...cells]) => [
      name,
      Object.fromEntries(cells.map((cell, index) => [head[index + 1] ?? '', cell])),
    ]),
  );
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}

/** What to put there when the behaviour is the one that is meant. */
export function asMarkdown(table: Table): string {
  const columns = Object.keys(Object.values(table)[0] ?? {});
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...Object.entries(table).map(([name, cells]) =>
      line([`\`${name}\``, ...columns.map((column) => cells[column] ?? '')]),
    ),
  ].join('\n');
}
