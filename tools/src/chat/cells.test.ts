import { cellsOf } from './cells';

test.each([
  ['', 0],
  ['text', 4],
  ['\u001b[1mbold\u001b[22m', 4],
  ['字', 2],
  ['か\u3099', 2],
  ['é', 1],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
])('%j takes %i cells', (text, cells) => {
  expect(cellsOf(text)).toBe(cells);
});
