import { isTangled } from './is-tangled';

const many = '['.repeat(100_000);

test.each([
  ['nested arrays', many + ']'.repeat(100_000), true],
  ['many keys', `{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":0`).join()}}`, true],
  ['structure behind a string', `["${'x'.repeat(70_000)}\\\\",${many}`, true],
  ['a text of brackets', JSON.stringify({ content: many }), false],
  ['a text of quotes and brackets', JSON.stringify({ content: '"['.repeat(60_000) }), false],
  ['a text of backslashes', JSON.stringify({ content: '\\[,'.repeat(60_000) }), false],
  ['what is short', '['.repeat(60_000), false],
])('%s', (_what, json, expected) => {
  expect(isTangled(json)).toBe(expected);
});
