import type { AuditLog } from '@agent-messenger/service-kit';
import type { ConfirmPassword } from '../password-confirmation';
import type { AuthHandlers, Store } from './handler';

export function deleteAccountCall(
  store: Store,
  confirm: ConfirmPassword,
  audit: AuditLog,
): AuthHandlers['deleteAccount'] {
  return ({ user_id, session_id, password, by }) =>
    audit.watch('user.delete', by, async (about) => {
      about.target = user_id;
      await confirm({ user_id, session_id }, password);
      return store.eraseUser({ user_id, session_id, by });
    });
}
