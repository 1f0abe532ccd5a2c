import { AppError, type AuditLog } from '@agent-messenger/service-kit';
import type { LoginLinks } from '../login-links';
import type { AuthHandlers, Store } from './handler';

/** No code leaves before the audit log has it. */
export function createLoginLinkCall(
  store: Store,
  links: LoginLinks,
  audit: AuditLog,
): AuthHandlers['createLoginLink'] {
  return ({ user_id, by }) =>
    audit.watch('user.link', by, async (about) => {
      const { user } = await store.findUser({ user_id });
      if (!user) throw new AppError('not_found', 'There is no such person');
      about.target = user_id;
      if (user.disabled) throw new AppError('conflict', 'This person is disabled');
      await store.recordAudit({
        records: [{ ...by, action: 'user.link', target: user_id, result: 'ok' }],
      });
      return links.create(user_id, user.password_hash);
    });
}
