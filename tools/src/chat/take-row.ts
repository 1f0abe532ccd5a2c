import { cellsOfGrapheme, graphemesOf } from './cells';

const TAB_CELLS = 8;

/**
 * How much of a text fills a row of `columns` cells, in UTF-16 units: up to its first newline, or as many words as fit,
 * or graphemes where a word is longer than a row. Null while the text has room for more.
 */
export function takeRow(text: string, columns: number): number | null {
  let width = 0;
  let end = 0;
  let afterWord = 0;
  for (const each of graphemesOf(text)) {
    if (each === '\n' || each === '\r\n') return end + each.length;
    width += each === '\t' ? TAB_CELLS : cellsOfGrapheme(each);
    if (width >= columns && end > 0) return afterWord > 0 ? afterWord : end;
    end += each.length;
    if (each === ' ' || each === '\t') afterWord = end;
  }
  return null;
}
