import type { AuditLog } from '@agent-messenger/service-kit';
import type { Hasher } from '../hasher';
import type { PasswordPolicy } from '../password-policy';
import type { AuthHandlers, Store } from './handler';

export function updateUserCall(
  store: Store,
  hasher: Hasher,
  checkPassword: PasswordPolicy,
  audit: AuditLog,
): AuthHandlers['updateUser'] {
  async function hashOf(userId: string, password: string | undefined) {
    if (password === undefined) return {};
    const { username } = await store.getUser({ user_id: userId });
    checkPassword(password, username);
    return { password_hash: await hasher.hash(password) };
  }

  return ({ password, ...request }) =>
    audit.watch('user.update', request.by, async (about) => {
      about.target = request.user_id;
      return store.updateUser({ ...request, ...(await hashOf(request.user_id, password)) });
    });
}
