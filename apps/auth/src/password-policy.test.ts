import { createPasswordPolicy } from './password-policy';

const check = createPasswordPolicy();

test.each([
  'password',
  '12345678',
  'qwertyuiop',
  'PassWord1',
  'ILOVEYOU',
  'password123',
  'trustno1',
  'aaaaaaaaaaaaaaaa',
  '        ',
  '🦊🦊🦊🦊',
])('%s is among the most common ones', (password) => {
  expect(() => check(password, 'ada')).toThrow(
    expect.objectContaining({
      code: 'invalid_payload',
      message: 'This password is among the most common ones',
    }),
  );
});

test('the username is no password, in whatever case', () => {
  expect(() => check('Ada.Lovelace', 'ada.lovelace')).toThrow(
    expect.objectContaining({ code: 'invalid_payload' }),
  );
  expect(() => check('Ada.Lovelace', 'ada')).not.toThrow();
});

test.each(['correct horse', 'zGk4-wPq9', 'пароль и мыло', '🦊🐻🦊'])(
  '%s is accepted',
  (password) => {
    expect(() => check(password, 'ada')).not.toThrow();
  },
);
