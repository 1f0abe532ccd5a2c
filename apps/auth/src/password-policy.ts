import { AppError } from '@agent-messenger/service-kit';
import { dictionary } from '@zxcvbn-ts/language-common';

const ONE_CHARACTER = /^(.)\1*$/su;

/** @throws AppError `invalid_payload` for what attackers try first: the most common passwords, and the name itself */
export type PasswordPolicy = (password: string, username: string) => void;

/** For new passwords only: who has a weak one already can log in with it, and change it. */
export function createPasswordPolicy(): PasswordPolicy {
  const common = new Set(dictionary['passwords-common'].map((password) => password.toLowerCase()));
  return (password, username) => {
    const folded = password.toLowerCase();
    if (common.has(folded) || ONE_CHARACTER.test(folded)) {
      throw new AppError('invalid_payload', 'This password is among the most common ones');
    }
    if (folded === username) throw new AppError('invalid_payload', 'The password is the username');
  };
}
