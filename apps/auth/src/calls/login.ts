import { foldUsername, usernameSchema } from '@agent-messenger/contracts';
import type { AuditLog } from '@agent-messenger/service-kit';
import type { Counter } from 'prom-client';
import type { DeviceTokens } from '../device-tokens';
import type { FailedAttempts } from '../failed-attempts';
import type { Hasher } from '../hasher';
import type { LoginSubjects } from '../login-subjects';
import { countOutcome } from '../metrics';
import { passwordMatches } from '../passwords';
import type { Sessions } from '../sessions';
import { whileConfirmed } from '../while-confirmed';
import type { AuthHandlers, Store } from './handler';

interface LoginDeps {
  store: Store;
  hasher: Hasher;
  attempts: FailedAttempts;
  subjects: LoginSubjects;
  devices: DeviceTokens;
  sessions: Sessions;
  audit: AuditLog;
  outcomes: Counter<'outcome'>;
}

/** Unknown name, impossible name, disabled person and wrong password are one answer and take the same time. */
export function loginCall(deps: LoginDeps): AuthHandlers['login'] {
  const { store, hasher, attempts, subjects, devices, sessions, audit, outcomes } = deps;

  async function findUser(username: string) {
    const name = usernameSchema.safeParse(username);
    return name.success ? (await store.findUser({ username: name.data })).user : null;
  }

  return ({ username, password, device_token, by }) =>
    countOutcome(outcomes, () =>
      audit.watch('user.login', by, async (about) => {
        const account = foldUsername(username);
        const device = devices.read(device_token, account);
        // Before the lock is asked, so that the audit log tells whose account the attempts during one are about.
        const found = await findUser(account);
        about.target = found?.user_id ?? null;
        const verify = async (again: boolean) => {
          const user = again ? await findUser(account) : found;
          const matches = await passwordMatches(hasher, password, user?.password_hash ?? null);
          return matches && !user?.disabled ? user : null;
        };
        const { tokens, ended } = await whileConfirmed(
          (again) => attempts.guard(subjects(account, device, by.ip), () => verify(again)),
          async ({ user_id, password_hash: hash }) => {
            const rehash = hasher.isOutdated(hash)
              ? { rehash: await hasher.hash(password.normalize('NFC')) }
              : {};
            return sessions.open(user_id, { hash, ...rehash }, by);
          },
        );
        return { tokens: { ...tokens, device_token: devices.issue(account, device) }, ended };
      }),
    );
}
