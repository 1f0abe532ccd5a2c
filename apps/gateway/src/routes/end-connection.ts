import type { Client, messagesCalls } from '@agent-messenger/contracts';
import type { Leases } from '../connections/leases';
import { adminOrigin } from '../http/callers';
import type { RouteHandler } from '../http/rest-server';

/** Whoever it was may connect again: to keep it out, its credential has to be revoked. */
export function endConnection(
  messages: Pick<Client<typeof messagesCalls>, 'recordAudit'>,
  leases: Pick<Leases, 'revoke'>,
): RouteHandler<'endConnection'> {
  return async ({ params: { identity_id } }, caller) => {
    await messages.recordAudit({
      records: [
        {
          ...adminOrigin(caller),
          action: 'connection.end',
          target: identity_id,
          result: 'ok',
        },
      ],
    });
    await leases.revoke(identity_id, null);
    return { body: undefined };
  };
}
