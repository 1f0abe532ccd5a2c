import { canonicalEmoji, isPlainLine, showsNothing } from './shown-text';

it.each([
  ['\u2764', '\u2764\ufe0f'],
  ['\u2764\ufe0e', '\u2764\ufe0f'],
  ['\u2764\u200d\u{1f525}', '\u2764\ufe0f\u200d\u{1f525}'],
  ['\u{1f3f3}\u200d\u{1f308}', '\u{1f3f3}\ufe0f\u200d\u{1f308}'],
  ['1\u20e3', '1\ufe0f\u20e3'],
  ['\u{1f44d}\ufe0f', '\u{1f44d}'],
  ['\u270c\u{1f3fd}', '\u270c\u{1f3fd}'],
  ['e\u0301', '\u00e9'],
])('%s is an emoji of one form', (text, canonical) => {
  expect(canonicalEmoji(text)).toBe(canonical);
  expect(canonicalEmoji(canonical)).toBe(canonical);
});

it('knows what shows nothing', () => {
  for (const text of [
    '',
    ' ',
    '\n\t',
    '\u200b',
    '\u202e',
    '\u0000',
    '\u3164',
    '\u2800',
    '\ufe0f',
    '\u00ad',
  ]) {
    expect([text, showsNothing(text)]).toEqual([text, true]);
  }
  for (const text of ['a', ' a ', '\u2764', '\u200ba', '\u{1f3f4}\u{e0067}\u{e007f}']) {
    expect([text, showsNothing(text)]).toEqual([text, false]);
  }
});

it('knows what is no plain line', () => {
  for (const text of ['a\u0000', 'a\nb', '\u202egpj', 'a\u2066b', 'a\u200fb', '\u061c']) {
    expect([text, isPlainLine(text)]).toEqual([text, false]);
  }
  for (const text of ['A title', 'שלום', 'مرحبا', '日本', '\u200d👍']) {
    expect([text, isPlainLine(text)]).toEqual([text, true]);
  }
});
