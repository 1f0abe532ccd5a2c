import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './page';

/** A file, and the titles of the tests in it that show something: `x.test.ts`: “one”, “other”. */
const CITATION = /`([^`\s]+\.ts)`: ((?:“[^”]+”(?:, )?)+)/g;

/** Tests that a page cites and that are not where it says. */
export function unknownTests(root: string, page: Page): string[] {
  return [...page.text.matchAll(CITATION)].flatMap(([, file = '', titles = '']) => {
    const path = join(root, file);
    const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return [...titles.matchAll(/“([^”]+)”/g)]
      .map(([, title = '']) => title)
      .filter((title) => !source.includes(`'${title}'`))
      .map((title) => `${file}: ${title}`);
  });
}

/** Rows of a page's tables by their cells, without the row of headings; empty ones are headings too. */
export function rowsOf(page: Page, heading: string): string[][] {
  const [, section = ''] = page.text.split(`## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\|(.+)\|$/gm)]
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim()))
    .slice(2)
    .filter((cells) => cells.slice(1).some((cell) => cell !== ''));
}
