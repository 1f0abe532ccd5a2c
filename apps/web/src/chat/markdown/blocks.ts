import { Marked, type Token, type TokensList } from 'marked';
import { BoundedLexer, boundedTokenizer, plainParagraph } from './bounded-lexer';

/** HTML in a text is text: what somebody wrote is what is seen. */
export const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: boundedTokenizer,
  renderer: { html: ({ text }) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`) },
});

/** A paragraph, a list, code …, which can be rendered by itself. */
export interface Block {
  raw: string;
  token: Token;
  links: TokensList['links'];
}

/**
 * The blocks of a text that grows at its end. Only what may still change is read again: of an answer of thousands of
 * words its last blocks, and not all of it at each token.
 */
export class GrowingBlocks {
  /** So much of the text, and its blocks, stay as they are whatever follows. */
  #settled = '';
  #blocks: Block[] = [];
  #links: TokensList['links'] = {};

  constructor(private readonly lex: typeof lexed = lexed) {}

  /** Another text than one that continues the last begins anew. */
  of(text: string): Block[] {
    const whole = text.replace(/\r\n?/g, '\n');
    if (!whole.startsWith(this.#settled)) this.#clear();
    const tokens = this.#tokensOf(whole.slice(this.#settled.length), this.#links);
    const end = settledTokens(tokens);
    const blocks = tokens.map((token) => ({ raw: token.raw, token, links: tokens.links }));
    const settled = [...this.#blocks, ...blocks.slice(0, end).filter(isShown)];
    this.#blocks = settled;
    this.#links = tokens.links;
    for (const { raw } of blocks.slice(0, end)) this.#settled += raw;
    return [...settled, ...blocks.slice(end).filter(isShown)];
  }

  /** What cannot be read is seen as it stands. */
  #tokensOf(text: string, links: TokensList['links']): TokensList {
    try {
      return this.lex(text, links);
    } catch {
      return Object.assign([plainParagraph(text)], { links });
    }
  }

  #clear(): void {
    this.#settled = '';
    this.#blocks = [];
    this.#links = {};
  }
}

/** A block as HTML of whatever kind: what is safe of it is for others to say. */
export function htmlOf({ raw, token, links }: Block, parse = parsed): string {
  try {
    return parse(Object.assign([token], { links }));
  } catch {
    return parsed([plainParagraph(raw)]);
  }
}

function parsed(tokens: Token[]): string {
  return marked.parser(tokens);
}

function lexed(text: string, links: TokensList['links']): TokensList {
  const lexer = new BoundedLexer(marked.defaults);
  Object.assign(lexer.tokens.links, links);
  return lexer.lex(text);
}

/**
 * How many of them no later text changes: up to a blank line before the last block, unless a list may go on behind it.
 */
function settledTokens(tokens: readonly Token[]): number {
  for (let end = tokens.length - 1; end > 1; end -= 1) {
    const isBlockBehindBlankLine =
      tokens[end]?.type !== 'space' && tokens[end - 1]?.type === 'space';
    if (isBlockBehindBlankLine && tokens[end - 2]?.type !== 'list') return end;
  }
  return 0;
}

function isShown({ token: { type } }: Block): boolean {
  return type !== 'space' && type !== 'def';
}
