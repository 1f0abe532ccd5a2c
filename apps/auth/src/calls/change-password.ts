import { AppError, type AuditLog } from '@agent-messenger/service-kit';
import type { Hasher } from '../hasher';
import type { ConfirmPassword } from '../password-confirmation';
import type { PasswordPolicy } from '../password-policy';
import { whileConfirmed } from '../while-confirmed';
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

  async function nameOf(user_id: string): Promise<string> {
    try {
      return (await store.getUser({ user_id })).username;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'not_found')) throw error;
      // It has erased itself meanwhile.
      throw new AppError('unauthorized', 'The session has ended', { cause: error });
    }
  }

  return ({ user_id, session_id, current_password, new_password, by }) =>
    audit.watch('user.password', by, async (about) => {
      about.target = user_id;
      const { ended } = await whileConfirmed(
        () => confirm({ user_id, session_id }, current_password),
        async (confirmed) => {
          checkPassword(new_password, await nameOf(user_id));
          return store.updateUser({
            user_id,
            password_hash: await hasher.hash(new_password),
            keep_session_id: session_id,
            confirmed_hash: confirmed.password_hash,
            by,
          });
        },
      );
      return { ended };
    });
}
