import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter();
const TAB_CELLS = 8;

/**
 * How much of a text fills a row of `columns` cells, in UTF-16 units: up to its first newline, or as many words as fit, or
 * graphemes where a word is longer than a row. Null while the text has room for more.
 */
export function takeRow(text: string, columns: number): number | null {
  let width = 0;
  let end = 0;
  let afterWord = 0;
  for (const { segment } of graphemes.segment(text)) {
    if (segment === '\n' || segment === '\r\n') return end + segment.length;
    width += segment === '\t' ? TAB_CELLS : stringWidth(segment);
    if (width >= columns && end > 0) return afterWord > 0 ? afterWord : end;
    end += segment.length;
    if (segment === ' ' || segment === '\t') afterWord = end;
  }
  return null;
}
