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

test('it never has more than 100 units, and is the beginning of the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const shown = preview(text);
      expect(shown.length).toBeLessThanOrEqual(100);
      const line = text.replace(/\s+/g, ' ').trim();
      expect(line.startsWith(shown.replace(/…$/, ''))).toBe(true);
    }),
  );
});
