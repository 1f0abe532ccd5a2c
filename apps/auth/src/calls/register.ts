import type { AuditLog } from '@agent-messenger/service-kit';
import type { Hasher } from '../hasher';
import type { PasswordPolicy } from '../password-policy';
import type { AuthHandlers, Store } from './handler';

/** A taken username is the store's `conflict`. */
export function registerCall(
  store: Store,
  hasher: Hasher,
  checkPassword: PasswordPolicy,
  audit: AuditLog,
): AuthHandlers['register'] {
  return ({ username, password, by }) =>
    audit.watch(by.actor.kind === 'admin' ? 'user.create' : 'user.register', by, async () => {
      checkPassword(password, username);
      return store.createUser({ username, password_hash: await hasher.hash(password), by });
    });
}
