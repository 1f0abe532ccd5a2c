import { isComposing } from './is-composing';

it.each([
  ['an Enter', { isComposing: false, keyCode: 13 }, false],
  ['one that confirms what is composed', { isComposing: true, keyCode: 229 }, true],
  ['the same in Safari', { isComposing: false, keyCode: 229 }, true],
])('%s', (_name, event, expected) => {
  expect(isComposing(event as KeyboardEvent)).toBe(expected);
});
