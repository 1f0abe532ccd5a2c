import fc from 'fast-check';
import { cellsOf } from './cells';
import { takeRow } from './take-row';

/** The rows that a text fills, and what is left. */
function rowsOf(text: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = text;
  for (let end = takeRow(rest, columns); end !== null; end = takeRow(rest, columns)) {
    rows.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...rows, rest];
}

test('a row is what fits: whole words, whole graphemes, or up to a newline', () => {
  expect(rowsOf('The report is ready.', 10)).toEqual(['The ', 'report ', 'is ready.']);
  expect(rowsOf('a\n\nb', 10)).toEqual(['a\n', '\n', 'b']);
  expect(rowsOf('x'.repeat(25), 10)).toEqual(['x'.repeat(9), 'x'.repeat(9), 'x'.repeat(7)]);
  expect(rowsOf('字'.repeat(6), 10)).toEqual(['字'.repeat(4), '字字']);
  expect(rowsOf('か\u3099'.repeat(6), 10)).toEqual(['か\u3099'.repeat(4), 'か\u3099'.repeat(2)]);
  expect(rowsOf('short', 10)).toEqual(['short']);
});

test('nothing is lost, whatever the text and the width', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 200 });
  const spaced = fc
    .array(fc.oneof(texts, fc.constantFrom(' ', '\n', 'word ')))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(spaced, fc.integer({ min: 3, max: 40 }), (text, columns) => {
      const rows = rowsOf(text, columns);
      expect(rows.join('')).toBe(text);
      for (const row of rows.slice(0, -1)) expect(row).not.toBe('');
      const last = rows.at(-1) ?? '';
      expect(cellsOf(last)).toBeLessThan(columns);
    }),
  );
});
