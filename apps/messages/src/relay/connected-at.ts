import type { Lease, Recipient } from '@agent-messenger/contracts';
import { remember } from '../remember';

/** Where recipients are connected; who is not is absent. */
export type Gateways = Map<string, { gateway: string; recipient: string }>;

interface Known {
  /** The lease that said so: parsed again when it has changed. */
  lease: string;
  at: { gateway: string; recipient: string } | undefined;
}

/** Some 15 MB. */
const MOST = 50_000;

/**
 * Where identities were connected when their leases were last looked up. Nearly all are there still, so that events can
 * be published together with the next look, which tells for whom that was wrong: they get them once more, where they
 * are. A gateway drops what is for a connection that it does not have, or has no more.
 */
export class ConnectedAt {
  private readonly known = new Map<string, Known>();

  guess(ids: readonly string[]): Gateways {
    const gateways: Gateways = new Map();
    for (const id of ids) {
      const at = this.known.get(id)?.at;
      if (at) gateways.set(id, at);
    }
    return gateways;
  }

  /**
   * @param leases of `ids`, as Redis has them now
   * @returns those whom the guess has missed
   */
  correct(ids: readonly string[], leases: readonly (string | null)[]): Gateways {
    const missed: Gateways = new Map();
    for (const [index, id] of ids.entries()) {
      const lease = leases[index];
      const before = this.known.get(id);
      if (!lease) this.known.delete(id);
      else if (lease !== before?.lease) {
        const at = placeOf(id, lease);
        remember(this.known, id, { lease, at }, MOST);
        // It says more than where: how the connection is, for one.
        const isThere =
          at?.gateway === before?.at?.gateway && at?.recipient === before?.at?.recipient;
        if (at && !isThere) missed.set(id, at);
      }
    }
    return missed;
  }
}

function placeOf(id: string, text: string): Known['at'] {
  const { gateway, epoch } = JSON.parse(text) as Lease;
  if (gateway === null) return undefined;
  return { gateway, recipient: JSON.stringify([id, epoch] satisfies Recipient) };
}
