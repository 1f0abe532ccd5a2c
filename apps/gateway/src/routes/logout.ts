import type { authCalls, Client } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Leases } from '../connections/leases';
import type { RouteHandler } from '../http/rest-server';

/** Ends the session, and the connection that came with it on whichever gateway it is. */
export function logout(
  auth: Pick<Client<typeof authCalls>, 'logout'>,
  leases: Pick<Leases, 'revoke'>,
  log: Logger,
): RouteHandler<'logout'> {
  return async ({ body }) => {
    const { ended } = await auth.logout(body);
    if (ended) {
      // The session has ended in any case; without Redis its connection ends with its token or its lease.
      await leases
        .revoke(ended.identity_id, ended.credential_id)
        .catch((error: unknown) => log.warn({ reason: String(error) }, 'revocation not told'));
    }
    return { body: undefined };
  };
}
