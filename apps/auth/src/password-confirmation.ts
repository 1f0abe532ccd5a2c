import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { FailedAttempts } from './failed-attempts';
import type { Hasher } from './hasher';
import { passwordMatches } from './passwords';

interface ConfirmationDeps {
  store: Pick<Client<typeof messagesCalls>, 'findUser'>;
  hasher: Hasher;
  attempts: FailedAttempts;
  /** Failures of a person before the one that locks. */
  free: number;
}

/** @throws AppError `unauthorized` when it is not the person's password, `rate_limited` after too many failures */
export type ConfirmPassword = (userId: string, password: string) => Promise<void>;

/**
 * Asks somebody who is logged in for the password again. Its failures are counted apart from those of logins: nobody
 * without an access token can make the owner wait here.
 */
export function createPasswordConfirmation(deps: ConfirmationDeps): ConfirmPassword {
  const { store, hasher, attempts, free } = deps;
  return async (userId, password) => {
    await attempts.guard([{ kind: 'person', name: userId, free }], async () => {
      const { user } = await store.findUser({ user_id: userId });
      const matches = await passwordMatches(hasher, password, user?.password_hash ?? null);
      return matches ? user : null;
    });
  };
}
