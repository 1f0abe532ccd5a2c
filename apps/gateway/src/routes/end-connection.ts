import type { AuditRecord, Client, messagesCalls } from '@agent-messenger/contracts';
import { needingRedis } from '@agent-messenger/service-kit';
import type { Leases } from '../connections/leases';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** Whoever it was may connect again: to keep it out, its credential has to be revoked. */
export function endConnection(
  messages: Pick<Client<typeof messagesCalls>, 'recordAudit'>,
  leases: Pick<Leases, 'evict'>,
): RouteHandler<'endConnection'> {
  return async ({ params: { identity_id } }, caller) => {
    const entry = {
      ...adminOrigin(caller),
      action: 'connection.end',
      target: identity_id,
    } as const;
    const record = (result: AuditRecord['result']) =>
      messages.recordAudit({ records: [{ ...entry, result }] });
    // First: what cannot be recorded does not happen.
    await record('ok');
    try {
      await needingRedis(leases.evict(identity_id, null));
    } catch (error) {
      await record('unavailable');
      throw error;
    }
    return { body: undefined };
  };
}
