import type { Ended } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { Leases } from './leases';

export type EndCredentials = (ended: Ended) => Promise<void>;

/** Ends the connections that came with sessions or keys that have ended, on whichever gateway they are. */
export function createEndCredentials(leases: Pick<Leases, 'revoke'>, log: Logger): EndCredentials {
  return async (ended) => {
    for (const { identity_id, credential_id } of ended) {
      // The credential has ended in any case; without Redis its connection ends with the next check of credentials.
      await leases
        .revoke(identity_id, credential_id)
        .catch((error: unknown) => log.warn({ reason: String(error) }, 'revocation not told'));
    }
  };
}
