import { plainText } from './plain-text';

test.each([
  [
    '**Done.** See [the report](https://example.org/r/1) or run `npm test`',
    'Done. See the report or run npm test',
  ],
  ['# Result\n\nIt _works_, ~~mostly~~ always.', 'Result It works, mostly always.'],
  ['- one\n- two\n\n2026. A year', '• one • two 2026. A year'],
  ['```ts\nconst a = 1;\n```', 'const a = 1;'],
  ['> quoted\n\nanswer', 'quoted answer'],
  ['| a | b |\n|---|---|\n| 1 | 2 |', 'a b 1 2'],
  ['![A chart](https://example.org/c.png)', 'A chart'],
  ['<https://example.org/a_b_c>', 'https://example.org/a_b_c'],
  ['Tom &amp; Jerry \\*literally\\*', 'Tom & Jerry *literally*'],
])('%j is read as %j', (text, seen) => {
  expect(plainText(text).replace(/\s+/g, ' ').trim()).toBe(seen);
});

test.each([
  'snake_case_name',
  "Tom's report (v2.1) is ready: see #3, a > b - 100 % done!",
  'Überraschung; ¿qué? 日本語 + 1. 2) 3',
  '2 * 3 * 4 = 24, #1 of 5, +1',
  'https://example.org/a_b_c',
  '<b>HTML is text</b> a < b',
])('%j has no markup and stays as it is', (text) => {
  expect(plainText(text)).toBe(`${text}\n`);
});
