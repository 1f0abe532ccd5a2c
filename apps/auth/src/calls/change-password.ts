import type { AuditLog } from '@agent-messenger/service-kit';
import type { Hasher } from '../hasher';
import type { ConfirmPassword } from '../password-confirmation';
import type { PasswordPolicy } from '../password-policy';
import type { AuthHandlers, Store } from './handler';

interface ChangePasswordDeps {
  store: Store;
  hasher: Hasher;
  confirm: ConfirmPassword;
  checkPassword: PasswordPolicy;
  audit: AuditLog;
}

/** All sessions end but the one from which the password was changed. */
export function changePasswordCall(deps: ChangePasswordDeps): AuthHandlers['changePassword'] {
  const { store, hasher, confirm, checkPassword, audit } = deps;
  return ({ user_id, session_id, current_password, new_password, by }) =>
    audit.watch('user.password', by, async (about) => {
      about.target = user_id;
      await confirm({ user_id, session_id }, current_password);
      const { username } = await store.getUser({ user_id });
      checkPassword(new_password, username);
      const { ended } = await store.updateUser({
        user_id,
        password_hash: await hasher.hash(new_password),
        keep_session_id: session_id,
        by,
      });
      return { ended };
    });
}
