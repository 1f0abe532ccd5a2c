import {
  Lexer,
  type MarkedOptions,
  type Token,
  type TokenizerObject,
  type TokensList,
} from 'marked';

/** Quotes and lists within each other, and what stands out within what stands out: nobody reads deeper. */
export const DEEPEST = 20;
/** Of a paragraph, a cell … that is looked through for links and the like, UTF-16 units. */
export const LONGEST_INLINE = 8_192;
/** Of a quote, and of an item of a list, UTF-16 units. */
export const LONGEST_NESTED = 16_384;
/** Of all that is in quotes and lists, as often as it is read: what follows a quote may be read with it again. */
const MOST_NESTED = 400_000;

/** A quote that is too long is seen with its marks. */
export const boundedTokenizer: TokenizerObject = {
  blockquote(src) {
    const [quote = ''] = this.rules.block.blockquote.exec(src) ?? [];
    return quote.length > LONGEST_NESTED && (plainParagraph(quote) as never);
  },
};

/**
 * The lexer calls itself for what is within a block, and looks at some runs of signs again at each of them. What is
 * deeper or longer than people write is taken as it stands, line by line.
 */
export class BoundedLexer extends Lexer {
  #depth = 0;
  #nestedLeft: number;

  constructor(options: MarkedOptions, mostNested = MOST_NESTED) {
    super(options);
    this.#nestedLeft = mostNested;
  }

  override blockTokens(src: string, tokens?: Token[], isClipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, isClipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], isClipped?: boolean): Token[] {
    const read = () => super.blockTokens(src, tokens, isClipped);
    if (!this.#takes(src) || !this.#isWithin(read)) tokens.push(plainParagraph(src));
    return tokens;
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    const read = () => super.inlineTokens(src, tokens);
    if (src.length > LONGEST_INLINE || !this.#isWithin(read)) tokens.push(...plainTokens(src));
    return tokens;
  }

  #takes({ length }: string): boolean {
    if (this.#depth === 0) return true;
    this.#nestedLeft -= length;
    return length <= LONGEST_NESTED && this.#nestedLeft >= 0;
  }

  /** False when it is too deep: nothing was read. */
  #isWithin(read: () => unknown): boolean {
    if (this.#depth >= DEEPEST) return false;
    this.#depth += 1;
    try {
      read();
    } finally {
      this.#depth -= 1;
    }
    return true;
  }
}

/** A text as it stands. */
export function plainParagraph(raw: string): Token {
  const text = raw.trimEnd();
  return { type: 'paragraph', raw, text, tokens: plainTokens(text) };
}

function plainTokens(text: string): Token[] {
  const lines = text.split('\n').map((line) => ({ type: 'text', raw: line, text: line }));
  return lines.flatMap((line, n) => (n === 0 ? [line] : [{ type: 'br', raw: '\n' }, line]));
}
