/** UTF-16 units: with everything else a notification stays below the 4 KiB that the providers take. */
const LENGTH = 100;
/** Looked at of a message, which may have 65,536 bytes. */
const WINDOW = 1_000;
const ELLIPSIS = '…';

const graphemes = new Intl.Segmenter();

/** The beginning of a message for a locked screen: one line, cut between graphemes. */
export function preview(content: string): string {
  const isAll = content.length <= WINDOW;
  const line = (isAll ? content : beginning(content)).replace(/\s+/g, ' ').trim();
  if (line.length <= LENGTH && isAll) return line;
  let text = '';
  for (const { segment } of graphemes.segment(line)) {
    if (text.length + segment.length > LENGTH - ELLIPSIS.length) break;
    text += segment;
  }
  return `${text.trimEnd()}${ELLIPSIS}`;
}

/** Without the grapheme in which the window ends: half of it is another one, or no character at all. */
function beginning(content: string): string {
  const last = graphemes.segment(content.slice(0, WINDOW)).containing(WINDOW - 1);
  return content.slice(0, last?.index);
}
