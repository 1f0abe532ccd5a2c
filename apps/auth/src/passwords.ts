import { passwordSchema } from '@agent-messenger/contracts';
import type { Hasher } from './hasher';

/**
 * Whether the password is the one that was hashed. Without a hash (unknown name), or with a password that nobody can
 * have, the answer is no and takes as long. bcrypt itself would ignore what is beyond 72 bytes.
 */
export function passwordMatches(
  hasher: Hasher,
  password: string,
  hash: string | null,
): Promise<boolean> {
  return passwordSchema.safeParse(password).success
    ? hasher.matches(password, hash)
    : hasher.matches('', null);
}
