import stringWidth from 'string-width';
import { stripVTControlCharacters } from 'node:util';

const segmenter = new Intl.Segmenter();
const MOST_CELLS = 2;

/** What a terminal shows as one, each as UTF-16. */
export function* graphemesOf(text: string): Iterable<string> {
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Cells of a terminal that a text takes. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const each of graphemesOf(stripVTControlCharacters(text))) cells += cellsOfGrapheme(each);
  return cells;
}

/** `string-width` adds up what is shown as one: kana and its voicing mark would be four. */
export function cellsOfGrapheme(grapheme: string): number {
  return Math.min(stringWidth(grapheme), MOST_CELLS);
}
