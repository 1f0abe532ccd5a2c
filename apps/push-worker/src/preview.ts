import { plainText } from './plain-text';

/** UTF-16 units: with everything else a notification stays below the 4 KiB that the providers take. */
const LENGTH = 100;
/** Looked at of a message, which may have 65,536 bytes. */
const WINDOW = 1_000;
const ELLIPSIS = '…';

/** A grapheme to each character, also where it is cut: to find them takes a tenth of a push. */
const PLAIN = new RegExp(`^[\\x20-\\x7e]{${LENGTH}}`);
const graphemes = new Intl.Segmenter();
/** Spaces, controls, what has no width, and the blank of Braille. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{C}\u2800]/u;

/**
 * The beginning of a message for a locked screen: its Markdown as plain text, in one line. Undefined when nothing of
 * it would be seen.
 */
export function preview(content: string): string | undefined {
  const text = firstLine(content, plainText);
  return VISIBLE.test(text) ? text : undefined;
}

/** What there is to choose from, or what was chosen, in a line of its own; undefined when nothing is asked. */
export function previewOfQuestion({
  actions,
  chosen,
}: {
  actions?: string[] | undefined;
  chosen?: string | undefined;
}): string | undefined {
  if (chosen !== undefined) return firstLine(`✓ ${chosen}`);
  return actions && firstLine(actions.map((label) => `[${label}]`).join(' '));
}

/** The beginning of a text in one line, cut between graphemes. */
export function firstLine(
  content: string,
  toPlain: (text: string) => string = (text) => text,
): string {
  const isAll = content.length <= WINDOW;
  const line = toPlain(isAll ? content : beginning(content))
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= LENGTH && isAll) return line;
  if (PLAIN.test(line)) return `${line.slice(0, LENGTH - ELLIPSIS.length).trimEnd()}${ELLIPSIS}`;
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
