import { linkCodeOf } from './place';

it.each([
  ['#link=a%2Fb', 'a/b'],
  ['#link=a%2', 'a%2'],
  ['#link=', null],
  ['#cnv_1', null],
])('the code of a link in %s is %s', (fragment, code) => {
  expect(linkCodeOf(fragment)).toBe(code);
});
