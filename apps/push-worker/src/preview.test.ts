import fc from 'fast-check';
import { preview } from './preview';

test('short texts stay as they are, in one line', () => {
  expect(preview('  Hello,\n\n  world\t! ')).toBe('Hello, world !');
  expect(preview('x'.repeat(100))).toBe('x'.repeat(100));
});

test('long texts are cut with an ellipsis, between graphemes', () => {
  expect(preview('x'.repeat(101))).toBe(`${'x'.repeat(99)}…`);
  expect(preview('👨‍👩‍👧'.repeat(20))).toBe(`${'👨‍👩‍👧'.repeat(12)}…`);
  // One grapheme that is longer than all there is room for.
  expect(preview(`e${'\u0301'.repeat(500)}`)).toBe('…');
  expect(preview(`short${' '.repeat(2_000)}and more`)).toBe('short…');
});

test('what is cut off at the end of what is looked at is not shown in part', () => {
  // The window of 1,000 ends within an emoji, and with so many spaces that emoji would fit into the preview.
  expect(preview(`short${' '.repeat(994)}👋 and more`)).toBe('short…');
  expect(preview(`short${' '.repeat(990)}👩‍👩‍👧‍👦 and more`)).toBe('short…');
});

test('it never has more than 100 units, is well formed, and is the beginning of the text', () => {
  const graphemes = fc.string({ unit: 'grapheme', maxLength: 300 });
  const spaces = fc.nat({ max: 1_000 });
  fc.assert(
    fc.property(graphemes, spaces, graphemes, (from, gap, to) => {
      const text = `${from}${' '.repeat(gap)}${to}`;
      const shown = preview(text);
      expect(shown.length).toBeLessThanOrEqual(100);
      expect(shown.isWellFormed()).toBe(true);
      const line = text.replace(/\s+/g, ' ').trim();
      expect(line.startsWith(shown.replace(/…$/, ''))).toBe(true);
    }),
  );
});
