import { GrowingBlocks } from './blocks';

const TEXT = [
  'Intro with *words*\nand a second line.',
  'Setext\n---\nA paragraph right below.',
  '- one\n- two\n\n- three, loose\n\n  and a second paragraph of it\n\nAfter the list.',
  '1. first\n\n2. second\n\n\n3. third',
  '| a | b |\n|---|--:|\n| 1 | 2 |',
  '```ts\nconst a = 1;\n\nconst b = 2;\n```',
  '> quoted\nlazily\n\n> another',
  '    indented code\n\n    goes on',
  'See [here][x] and [there][y].',
  '[y]: https://example.org/y',
  'The end.',
].join('\n\n');

function raws(text: string): string[] {
  return new GrowingBlocks().of(text).map(({ raw }) => raw);
}

it('a text that grows has at each character the blocks that it has as a whole', () => {
  const growing = new GrowingBlocks();
  for (let length = 1; length <= TEXT.length; length += 1) {
    const text = TEXT.slice(0, length);
    expect(growing.of(text).map(({ raw }) => raw)).toEqual(raws(text));
  }
});

it('blocks that are settled are the same objects: they are not read again', () => {
  const growing = new GrowingBlocks();
  const [first] = growing.of('One.\n\nTwo.\n\nThree');
  const later = growing.of('One.\n\nTwo.\n\nThree and\r\n\r\nfour');
  expect(later.map(({ raw }) => raw.trim())).toEqual(['One.', 'Two.', 'Three and', 'four']);
  expect(later[0]).toBe(first);
});

it('links that were defined before hold for what comes, and another text begins anew', () => {
  const growing = new GrowingBlocks();
  growing.of('[x]: https://example.org/x\n\nText.\n\nMore.');
  const last = growing.of('[x]: https://example.org/x\n\nText.\n\nMore.\n\nSee [x]').at(-1);
  expect(last?.links).toHaveProperty('x');
  expect(growing.of('Other').map(({ raw, links }) => ({ raw, links }))).toEqual([
    { raw: 'Other', links: {} },
  ]);
});
