import type { Leases } from '../connections/leases';
import type { RouteHandler } from '../http/rest-server';

export function listConnections(leases: Pick<Leases, 'list'>): RouteHandler<'listConnections'> {
  return async ({ query }) => {
    const { leases: held, next_cursor } = await leases.list(query);
    return {
      body: {
        connections: held.map((lease) => ({
          identity_id: lease.identityId,
          connection_id: lease.connection_id,
          gateway_id: lease.gateway,
          credential_id: lease.credential_id,
          status: lease.status ?? 'online',
        })),
        next_cursor,
      },
    };
  };
}
