import { GrowingBlocks, htmlOf, marked } from './blocks';
import { BoundedLexer, DEEPEST, LONGEST_INLINE, LONGEST_NESTED } from './bounded-lexer';

function html(text: string): string {
  return new GrowingBlocks()
    .of(text)
    .map((block) => htmlOf(block).trim())
    .join('\n');
}
const count = (text: string, part: string) => text.split(part).length - 1;

describe('a text beyond what people write', () => {
  it('has quotes and lists within each other up to a depth, and its signs from there on', () => {
    const quoted = html(`${'>'.repeat(DEEPEST + 2)} deep`);
    expect(count(quoted, '<blockquote>')).toBe(DEEPEST);
    expect(quoted).toContain('<p>&gt;&gt; deep</p>');
    expect(count(html(`${'- '.repeat(DEEPEST + 2)}deep`), '<ul>')).toBe(DEEPEST);
  });

  it('has a paragraph without links when it is too long for them, with its lines; others have theirs', () => {
    const long = `${'word '.repeat(LONGEST_INLINE / 5 + 1)}\n**end**`;
    const both = html(`${long}\n\n**short**`);
    expect(both).toContain('<br>**end**</p>');
    expect(both).toContain('<strong>short</strong>');
  });

  it('has a quote with its marks when that is too long, and an item as it stands', () => {
    const line = `${'word '.repeat(20)}\n`;
    const lines = LONGEST_NESTED / line.length + 1;
    const quoted = html(`${`> ${line}`.repeat(lines)}\n**after**`);
    expect(count(quoted, '<blockquote>')).toBe(0);
    expect(count(quoted, '&gt; word')).toBe(Math.floor(lines));
    expect(quoted).toContain('<strong>after</strong>');
    const listed = html(`- ${`  ${line}`.repeat(lines).trim()}\n- **next**`);
    expect(count(listed, '<li>')).toBe(2);
    expect(count(listed, '<br>word')).toBe(Math.floor(lines) - 1);
    expect(listed).toContain('<strong>next</strong>');
  });

  it('is read in lists up to an amount, and as it stands from there on', () => {
    const tokens = new BoundedLexer(marked.defaults, 20).lex('- **one**\n- **two**\n- **three**');
    expect(count(marked.parser(tokens), '<strong>')).toBe(2);
    expect(marked.parser(tokens)).toContain('**three**');
  });

  it('grows as any other does: what it was is seen in what it is', () => {
    const text = `One.\n\n${'> '.repeat(DEEPEST + 2)}deep\n\nTwo.`;
    const growing = new GrowingBlocks();
    for (let length = 1; length <= text.length; length += 1) {
      const seen = growing.of(text.slice(0, length)).map(({ raw }) => raw);
      expect(seen).toEqual(new GrowingBlocks().of(text.slice(0, length)).map(({ raw }) => raw));
    }
  });
});

describe('a text that is not read, or not written, by what is there for it', () => {
  const fail = () => {
    throw new RangeError('injected');
  };

  it('is seen as it stands', () => {
    const [block] = new GrowingBlocks(fail).of('**a** <b>\n\nand *c*');
    expect(htmlOf(block!).trim()).toBe('<p>**a** &lt;b&gt;<br><br>and *c*</p>');
  });

  it('is seen as it stands where that part of it is', () => {
    const [first, second] = new GrowingBlocks().of('**a**\n\n**b**');
    expect(htmlOf(first!, fail).trim()).toBe('<p>**a**</p>');
    expect(htmlOf(second!).trim()).toBe('<p><strong>b</strong></p>');
  });
});
