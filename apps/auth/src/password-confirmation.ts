import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { FailedAttempts } from './failed-attempts';
import type { Hasher } from './hasher';
import { passwordMatches } from './passwords';

interface ConfirmationDeps {
  store: Pick<Client<typeof messagesCalls>, 'authorize' | 'findUser'>;
  hasher: Hasher;
  attempts: FailedAttempts;
  /** Failures of a person before the one that locks. */
  free: number;
}

/**
 * @returns the hash that the password was compared with
 * @throws AppError `unauthorized` when the session has ended or it is not the person's password, `rate_limited` after
 *   too many failures
 */
export type ConfirmPassword = (
  session: { user_id: string; session_id: string },
  password: string,
) => Promise<{ password_hash: string }>;

/**
 * Asks somebody who is logged in for the password again. Its failures are counted apart from those of logins: nobody
 * without a session that lasts can make the owner wait here, nor learn whether a password is right.
 */
export function createPasswordConfirmation(deps: ConfirmationDeps): ConfirmPassword {
  const { store, hasher, attempts, free } = deps;
  return async ({ user_id, session_id }, password) => {
    await store.authorize({ identity_id: user_id, credential_id: session_id });
    return attempts.guard([{ kind: 'person', name: user_id, free }], async () => {
      const { user } = await store.findUser({ user_id });
      const matches = await passwordMatches(hasher, password, user?.password_hash ?? null);
      return matches ? user : null;
    });
  };
}
