import { plainText } from './plain-text';

it.each([
  ['**Bold** and `code`', 'Bold and code'],
  ['# Title\n\n- one\n- two', 'Title one two'],
  ['```ts\nconst a = 1;\n```', 'const a = 1;'],
  ['see [the docs](https://example.org/a)', 'see the docs'],
  ['| a | b |\n|---|---|\n| 1 | 2 |', 'a · b · 1 · 2'],
  [
    'Found:\n\n| a |\n|--:|\n| 1 |\n\nThat is *all*, or a | b.',
    'Found: a · 1 · That is all, or a | b.',
  ],
  ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
  ['', ''],
])('%j is shown as %j', (markdown, line) => {
  expect(plainText(markdown)).toBe(line);
});
