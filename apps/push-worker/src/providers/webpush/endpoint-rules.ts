import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { PushError } from '../provider';

/** Who may be sent to, `https://host[:port]` each; a host may begin with `*.`. */
export type AllowedOrigins = readonly string[];

/** Addresses that are not on the internet: https://www.iana.org/assignments/iana-ipv4-special-registry and its twin. */
const PRIVATE: [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];
const privateAddresses = new BlockList();
for (const [net, prefix, family] of PRIVATE) privateAddresses.addSubnet(net, prefix, family);

/** Also IPv4 addresses that are written as IPv6 ones. */
export function isPrivateAddress(address: string): boolean {
  return privateAddresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Checks the endpoint of a subscription, which comes from the user and would otherwise be a way into our network.
 * @throws PushError
 */
export function checkEndpoint(endpoint: string, allowed: AllowedOrigins): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw refused('endpoint_not_https');
  }
  if (!allowed.some((origin) => matches(url, origin))) throw refused('endpoint_not_allowed');
}

function matches({ origin, hostname, port }: URL, allowed: string): boolean {
  if (!allowed.startsWith('https://*.')) return origin === allowed;
  return port === '' && hostname.endsWith(allowed.slice('https://*'.length));
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
