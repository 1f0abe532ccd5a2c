import { AppError } from '@agent-messenger/service-kit';
import type { Leases } from '../connections/leases';
import type { RequestHandler } from '../requests/dispatch';

export function statusSet(leases: Leases): RequestHandler<'status:set'> {
  return async (connection, { status }) => {
    try {
      await leases.setStatus(connection, status);
    } catch (cause) {
      throw new AppError('unavailable', 'The status will be told later', { cause });
    }
    return {};
  };
}
