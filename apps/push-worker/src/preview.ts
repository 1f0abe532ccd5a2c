/** UTF-16 units: with everything else a notification stays below the 4 KiB that the providers take. */
const LENGTH = 100;
/** Looked at of a message, which may have 65,536 bytes. */
const WINDOW = 1_000;
const ELLIPSIS = '…';

/** The beginning of a message for a locked screen: one line, cut between graphemes. */
export function preview(content: string): string {
  const line = content.slice(0, WINDOW).replace(/\s+/g, ' ').trim();
  if (line.length <= LENGTH && content.length <= WINDOW) return line;
  let text = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (text.length + segment.length > LENGTH - ELLIPSIS.length) break;
    text += segment;
  }
  return `${text.trimEnd()}${ELLIPSIS}`;
}
