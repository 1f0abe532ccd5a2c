import fc from 'fast-check';
import { firstLine, preview, previewOfQuestion } from './preview';

test('short texts stay as they are, in one line', () => {
  expect(firstLine('  Hello,\n\n  world\t! ')).toBe('Hello, world !');
  expect(firstLine('x'.repeat(100))).toBe('x'.repeat(100));
});

test('long texts are cut with an ellipsis, between graphemes', () => {
  expect(firstLine('x'.repeat(101))).toBe(`${'x'.repeat(99)}…`);
  expect(firstLine('👨‍👩‍👧'.repeat(20))).toBe(`${'👨‍👩‍👧'.repeat(12)}…`);
  // What is cut at has a mark, or only what is behind it.
  expect(firstLine(`${'x'.repeat(99)}\u0301xx`)).toBe(`${'x'.repeat(98)}…`);
  expect(firstLine(`${'x'.repeat(100)}\u0301xx`)).toBe(`${'x'.repeat(99)}…`);
  // One grapheme that is longer than all there is room for.
  expect(firstLine(`e${'\u0301'.repeat(500)}`)).toBe('…');
  expect(firstLine(`short${' '.repeat(2_000)}and more`)).toBe('short…');
});

test('what is cut off at the end of what is looked at is not shown in part', () => {
  // The window of 1,000 ends within an emoji, and with so many spaces that emoji would fit into the preview.
  expect(firstLine(`short${' '.repeat(994)}👋 and more`)).toBe('short…');
  expect(firstLine(`short${' '.repeat(990)}👩‍👩‍👧‍👦 and more`)).toBe('short…');
});

test('it never has more than 100 units, is well formed, and is the beginning of the text', () => {
  const graphemes = fc.string({ unit: 'grapheme', maxLength: 300 });
  const spaces = fc.nat({ max: 1_000 });
  fc.assert(
    fc.property(graphemes, spaces, graphemes, (from, gap, to) => {
      const text = `${from}${' '.repeat(gap)}${to}`;
      const shown = firstLine(text);
      expect(shown.length).toBeLessThanOrEqual(100);
      expect(shown.isWellFormed()).toBe(true);
      const line = text.replace(/\s+/g, ' ').trim();
      expect(line.startsWith(shown.replace(/…$/, ''))).toBe(true);
    }),
  );
});

test('a preview is the plain text of its Markdown', () => {
  expect(preview('**Done.** See [the report](https://example.org/r/1)')).toBe(
    'Done. See the report',
  );
  expect(preview(`# ${'x'.repeat(101)}`)).toBe(`${'x'.repeat(99)}…`);
});

test.each([
  '   ',
  '\u200b\u2060\u3164',
  '\u2800',
  '---',
  '![](https://example.org/c.png)',
  '\u0001',
])('of %j nothing would be seen', (text) => {
  expect(preview(text)).toBeUndefined();
});

test('an emoji of several code points is seen', () => {
  expect(preview('❤️')).toBe('❤️');
});

test('a question says what there is to choose from, or what was chosen, in one line', () => {
  expect(previewOfQuestion({})).toBeUndefined();
  expect(previewOfQuestion({ actions: ['Delete them', 'Keep them'] })).toBe(
    '[Delete them] [Keep them]',
  );
  expect(previewOfQuestion({ chosen: 'Keep them' })).toBe('✓ Keep them');
  const long = previewOfQuestion({ actions: Array.from({ length: 8 }, () => 'x'.repeat(80)) });
  expect(long).toHaveLength(100);
});
