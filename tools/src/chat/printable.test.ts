import { printable } from './printable';

describe('printable', () => {
  it('replaces C0 and C1 control characters', () => {
    expect(printable('\u001b]0;title\u0007 \u001b[2J\r\u009b1m\u007f')).toBe(
      '�]0;title� �[2J��1m�',
    );
  });

  it('keeps text, newlines and tabs', () => {
    const text = 'a\n\tб 漢 👩‍💻\u00a0é';
    expect(printable(text)).toBe(text);
  });
});
