import MarkdownIt, { type Token } from 'markdown-it';

/** CommonMark with tables and strikethrough, as the clients show it; HTML is text. */
const markdown = new MarkdownIt();

/**
 * A line without anything that Markdown knows, as most are: to parse it takes a quarter of what handing it to Apple
 * takes.
 */
const UNMARKED = /^\p{L}[^\0\\`*_[\]<&~|\r\n\t]*$/u;

/** What a reader sees of a Markdown text, without its markup: one line for each block, links by their text alone. */
export function plainText(text: string): string {
  if (UNMARKED.test(text)) return `${text}\n`;
  return markdown
    .parse(text, {})
    .map(blockText)
    .filter((part) => part !== '')
    .join('');
}

function blockText(token: Token): string {
  switch (token.type) {
    case 'inline':
      return `${(token.children ?? []).map(inlineText).join('')}\n`;
    case 'fence':
    case 'code_block':
      return `${token.content}\n`;
    case 'list_item_open':
      // The number of an ordered item, which may be a year at the beginning of a sentence.
      return token.info === '' ? '• ' : `${token.info}${token.markup} `;
    default:
      return '';
  }
}

function inlineText({ type, content }: Token): string {
  return type === 'softbreak' || type === 'hardbreak' ? '\n' : content;
}
