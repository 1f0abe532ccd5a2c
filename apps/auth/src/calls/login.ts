import { usernameSchema } from '@agent-messenger/contracts';
import type { Counter } from 'prom-client';
import type { FailedAttempts } from '../failed-attempts';
import type { Hasher } from '../hasher';
import { countOutcome } from '../metrics';
import { passwordMatches } from '../passwords';
import type { Sessions } from '../sessions';
import type { AuthHandlers, Store } from './handler';

interface LoginDeps {
  store: Store;
  hasher: Hasher;
  attempts: FailedAttempts;
  sessions: Sessions;
  outcomes: Counter<'outcome'>;
}

/** Unknown name, impossible name and wrong password are one answer and take the same time. */
export function loginCall(deps: LoginDeps): AuthHandlers['login'] {
  const { store, hasher, attempts, sessions, outcomes } = deps;

  async function findUser(username: string) {
    const name = usernameSchema.safeParse(username);
    return name.success ? (await store.findUser({ username: name.data })).user : null;
  }

  return ({ username, password }) =>
    countOutcome(outcomes, async () => {
      const subject = username.trim().toLowerCase();
      const { user_id } = await attempts.guard(subject, async () => {
        const user = await findUser(username);
        const matches = await passwordMatches(hasher, password, user?.password_hash ?? null);
        return matches ? user : null;
      });
      return sessions.open(user_id);
    });
}
