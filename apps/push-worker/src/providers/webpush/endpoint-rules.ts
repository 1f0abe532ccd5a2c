import { allowingPushOrigin } from '@agent-messenger/service-kit';
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { PushError } from '../provider';
import { isPrivateAddress } from './private-addresses';

/** Who may be sent to, `https://host[:port]` each; a host may begin with `*.`. */
export type AllowedOrigins = readonly string[];

interface Endpoint {
  /** In the one form that every parser reads alike. */
  url: string;
  /** The entry of the list that allows it. */
  allowedBy: string;
}

/**
 * Checks the endpoint of a subscription, which comes from the user and would otherwise be a way into our network.
 * @throws PushError
 */
export function checkEndpoint(endpoint: string, allowed: AllowedOrigins): Endpoint {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw refused('endpoint_not_https');
  }
  const allowedBy = allowingPushOrigin(url, allowed);
  if (allowedBy === undefined) throw refused('endpoint_not_allowed');
  return { url: url.href, allowedBy };
}

function refused(reason: string): PushError {
  return new PushError({ outcome: 'refused', reason });
}

type LookupCallback = (
  error: Error | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/**
 * A `lookup` for connections that yields public addresses only: an allowed name may be made to point at a private
 * address, and what was checked before the connection need not be what is connected to. Addresses that are no names
 * are not looked up: those the operator has listed as such.
 */
export function lookupPublic(
  hostname: string,
  options: LookupOptions,
  callback: LookupCallback,
): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const reachable = addresses.filter(({ address }) => !isPrivateAddress(address));
    const [first] = reachable;
    if (!first) return callback(refused('endpoint_address_private'), []);
    if (options.all) callback(null, reachable);
    else callback(null, first.address, first.family);
  });
}
