import { LIMITS, passwordSchema } from '@agent-messenger/contracts';
import type { Hasher } from './hasher';

/**
 * Whether the password is the one that was hashed. Without a hash (unknown name), or with a password that nobody can
 * have, the answer is no and takes as long. bcrypt itself would ignore what is beyond 72 bytes.
 *
 * Hashes are of the NFC form; older ones may be of what the keyboard wrote, which is that or NFD.
 */
export async function passwordMatches(
  hasher: Hasher,
  password: string,
  hash: string | null,
): Promise<boolean> {
  if (!passwordSchema.safeParse(password).success) return hasher.matches('', null);
  const forms = new Set([password.normalize('NFC'), password, password.normalize('NFD')]);
  let isMatch = false;
  // All of them, also after one that matches: the time does not tell which it was.
  for (const form of forms) {
    const fits = Buffer.byteLength(form) <= LIMITS.passwordBytes.max;
    isMatch = (await hasher.matches(fits ? form : '', fits ? hash : null)) || isMatch;
  }
  return isMatch;
}
