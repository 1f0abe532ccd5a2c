import { leaks } from './leaks';

it('finds tokens and given secrets, and names the lines', () => {
  const token = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;
  const lines = [
    '{"path":"/client/connect"}',
    `GET /x?token=${token}`,
    'password is hunter22',
    'eyJust a word',
  ];
  expect(leaks(lines.join('\n'), ['hunter22'])).toEqual([lines[1], lines[2]]);
});
