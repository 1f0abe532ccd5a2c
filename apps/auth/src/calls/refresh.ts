import type { AuditLog } from '@agent-messenger/service-kit';
import type { Sessions } from '../sessions';
import type { AuthHandlers } from './handler';

/** A stolen token is recorded where it ends its session. */
export function refreshCall(sessions: Sessions, audit: AuditLog): AuthHandlers['refresh'] {
  return async ({ refresh_token, by }) => {
    const renewed = await sessions.renew(refresh_token, by);
    if (!renewed.tokens && renewed.ended.length === 0) {
      audit.record({ ...by, action: 'user.refresh', target: null, result: 'unauthorized' });
    }
    return renewed;
  };
}
