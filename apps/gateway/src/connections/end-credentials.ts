import type { Ended } from '@agent-messenger/contracts';
import type { Logger } from '@agent-messenger/service-kit';
import type { ConfirmedCredentials } from '../credentials/confirmed-credentials';
import type { Leases } from './leases';

export type EndCredentials = (ended: Ended) => Promise<void>;

/** Ends the connections that came with sessions or keys that have ended, on whichever gateway they are. */
export function createEndCredentials(
  leases: Pick<Leases, 'evict'>,
  confirmed: Pick<ConfirmedCredentials, 'forget'>,
  log: Logger,
): EndCredentials {
  return async (ended) => {
    for (const { identity_id, credential_id } of ended)
      confirmed.forget(identity_id, credential_id);
    // Together: while Redis does not answer, each would take its whole time.
    const told = await Promise.allSettled(
      ended.map(({ identity_id, credential_id }) => leases.evict(identity_id, credential_id)),
    );
    // The credentials have ended in any case; without Redis the connection ends with the next check of credentials.
    const failed = told.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') {
      log.warn({ reason: String(failed.reason) }, 'revocation not told');
    }
  };
}
